//! Tokens: where one may be already, where one is made, what it may do, and where it is kept.

mod keep;
mod logins;
mod offer;
mod outline;
mod page;
mod trial;

pub(super) use keep::{Keep, Place, Shown, token_file, variable};
pub(super) use offer::{How, offers};
pub(super) use page::page;
pub(super) use trial::{Tried, missing, try_token, unclear};
