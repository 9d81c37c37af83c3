//! Runs small faithful forges on this machine until it is interrupted.

mod seed;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use refray_sim::{Kind, Sim};
use tokio::signal::unix::{SignalKind, signal};

/// Small faithful forges in one process: a test double, no place to host code on.
#[derive(Debug, Parser)]
#[command(name = "refray-sim", version)]
struct Args {
    /// Keeps everything in this folder instead of a temporary one.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// The forges to play.
    #[arg(long, value_delimiter = ',', default_value = "github,gitlab,gitea,forgejo")]
    sites: Vec<Kind>,
    /// Speaks TLS, with certificates of an authority made for the purpose.
    #[arg(long)]
    tls: bool,
    /// Fills each site with this many repositories.
    #[arg(long, default_value_t = 3)]
    repos: usize,
    /// Listens on this address.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Takes this port and those that follow instead of free ones.
    #[arg(long)]
    port_base: Option<u16>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = Sim::builder().tls(args.tls).host(&args.host).admin(true);
    for kind in &args.sites {
        builder = builder.site(kind.as_str(), *kind);
    }
    if let Some(dir) = args.dir {
        builder = builder.dir(dir);
    }
    if let Some(port) = args.port_base {
        builder = builder.port_base(port);
    }
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let sim = builder.start().await?;
    say(&seed::seed(&sim, args.repos)?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a program of its own, whose whole answer this is")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "a program of its own, with nobody above it to tell")]
fn complain(error: &dyn std::error::Error) {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    eprintln!("refray-sim: {text}");
}
