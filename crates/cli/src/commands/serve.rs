//! `refray serve`.

use std::io::Write;
use std::sync::Arc;

use miette::Result;
use refray_core::event::EventSink;
use refray_server::serve::{
    Ended, Fresh, Listeners, OnlyOne, Reload, ServeError, ServeSink, Setup, Signals, Stats, Supervisor,
};

use crate::args::{Format, Global, ServeArgs};
use crate::environment::{self, ProcessEnvironment};
use crate::exit::{self, Exit};
use crate::load;
use crate::paths::Paths;
use crate::render::{JsonSink, Line};

/// Runs the command.
pub(crate) async fn run(global: &Global, args: &ServeArgs) -> Result<Exit> {
    let paths = Paths::find(global)?;
    let config = load::config(&paths)?;
    let has_token = config.dashboard.token.is_some();
    let listeners = Listeners::bind(&args.listen, &args.dashboard, has_token).await.map_err(|error| told(&error))?;
    let only = OnlyOne::take(&paths.state_dir).map_err(|error| told(&error))?;
    let stats = Arc::new(Stats::default());
    let lines: Option<Arc<dyn EventSink>> = match global.format {
        Format::Json => Some(Arc::new(JsonSink::new(std::io::stdout()))),
        Format::Text => None,
    };
    let engine = load::connect(config, &paths, Arc::new(ServeSink::new(stats.clone(), lines))).await?;
    // Whoever has read where it serves may send a signal.
    let signals = Signals::listen().map_err(|error| told(&error))?;
    say_where(global.format, &listeners);
    let setup = Setup {
        listeners,
        only,
        engine,
        stats,
        full_sync_interval_minutes: args.full_sync_interval_minutes,
        environment: Arc::new(ProcessEnvironment::default()),
        reload: Arc::new(FromFile { paths }),
        supervisor: supervisor(),
        signals,
    };
    match refray_server::serve::serve(setup).await.map_err(|error| told(&error))? {
        Ended::Drained => Ok(Exit::Agreed),
        Ended::AtOnce => Ok(Exit::Interrupted),
    }
}

fn told(error: &ServeError) -> miette::Report {
    load::refusal(error, &error.remedy())
}

/// The addresses may be any free ones, so whoever started this is told.
fn say_where(format: Format, listeners: &Listeners) {
    let (receiver, dashboard) = (listeners.receiver_address, listeners.dashboard_address);
    let mut out = std::io::stdout().lock();
    let written = match format {
        Format::Text => {
            writeln!(out, "webhooks are received at http://{receiver}/webhook, the dashboard is at http://{dashboard}/")
        }
        Format::Json => {
            let (listen, dashboard) = (receiver.to_string(), dashboard.to_string());
            writeln!(out, "{}", Line::Serving { listen, dashboard }.text())
        }
    };
    // Nobody may be reading.
    drop(written.and_then(|()| out.flush()));
}

fn supervisor() -> Supervisor {
    let [socket, usec, pid] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"].map(environment::var);
    Supervisor::new(socket.as_deref(), usec.as_deref(), pid.as_deref())
}

/// The configuration file, which is read again when it is asked for.
struct FromFile {
    paths: Paths,
}

impl Reload for FromFile {
    fn load(&self) -> Result<Fresh, String> {
        let config = load::config(&self.paths).map_err(|report| exit::plain(&report))?;
        let forges = load::forges(&config).map_err(|report| exit::plain(&report))?;
        Ok(Fresh { config, forges })
    }
}
