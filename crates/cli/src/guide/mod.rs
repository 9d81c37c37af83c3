//! Holds the user guide to the program: its reference is made from the code, and what is written by hand is tried.

mod commands;
mod declared;
mod exits;
mod lines;
mod links;
mod network;
mod pages;
mod reference;
mod refusals;
mod samples;
