//! Listening, serving and stopping.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_io_timeout::TimeoutStream;

use crate::app::router;
use crate::engine::{Limits, Pool, Shared};
use crate::metrics::Metrics;
use crate::models::Models;
use crate::options::{ModelSource, Options, ServeError};
use crate::state::App;

/// The most rows of a batch.
const BATCH_ROWS: usize = 64;

/// The pause after a connection cannot be accepted, such as when there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A server with its models loaded and its address bound.
pub struct Server {
    app: Arc<App>,
    router: Router,
    listener: StdListener,
    address: SocketAddr,
    stop: Stopper,
}

/// Stops a server.
#[derive(Clone, Debug, Default)]
pub struct Stopper(Arc<Notify>);

impl Stopper {
    /// Stops the server: it accepts no more requests, and ends once those that it has are answered. A second call ends it at once.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

impl Server {
    /// Binds the address and loads the models.
    ///
    /// # Errors
    /// If the address can be reached from other machines but there are no keys, it cannot be bound, or a model cannot be read.
    pub fn new(options: Options, models: Vec<ModelSource>) -> Result<Self, ServeError> {
        if options.keys.is_empty() && !options.open && !options.address.ip().is_loopback() {
            return Err(ServeError::NeedsKeys(options.address));
        }
        let bind = |source| ServeError::Bind { address: options.address, source };
        let listener = StdListener::bind(options.address).map_err(bind)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (app, router) = build(options, models)?;
        Ok(Self { app, router, listener, address, stop: Stopper::default() })
    }

    /// The address, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stops the server.
    pub fn stopper(&self) -> Stopper {
        self.stop.clone()
    }

    /// Serves until the server is stopped.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub fn run(self) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let app = self.app.clone();
        let served = runtime.block_on(self.serve());
        // Connections that did not end in time are dropped, and with them their requests.
        runtime.shutdown_timeout(Duration::from_secs(1));
        for model in app.models.all() {
            if let Some(engine) = model.loaded() {
                engine.stop();
            }
        }
        served
    }

    async fn serve(self) -> Result<(), ServeError> {
        let Self { app, router, listener, stop, .. } = self;
        let listener = TcpListener::from_std(listener)?;
        let connections = Arc::new(Semaphore::new(app.options.connections));
        let graceful = GracefulShutdown::new();
        loop {
            let next = async {
                let permit = connections.clone().acquire_owned().await;
                (permit, listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                next = next => next,
                () = stop.0.notified() => break,
            };
            let (stream, client) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let timeout = app.options.client_timeout;
            let connection = connection(stream, client, router.clone(), timeout);
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended");
                }
                drop(permit);
            });
        }
        drop(listener);
        app.stop();
        tracing::info!("stopping");
        tokio::select! {
            () = graceful.shutdown() => {}
            () = tokio::time::sleep(app.options.timeout) => tracing::warn!("requests were not finished in time"),
            () = stop.0.notified() => tracing::warn!("stopped at once"),
        }
        Ok(())
    }
}

type Connection = http1::Connection<
    TokioIo<std::pin::Pin<Box<TimeoutStream<TcpStream>>>>,
    TowerToHyperService<axum::middleware::AddExtension<Router, ConnectInfo<SocketAddr>>>,
>;

/// A connection, on which a client must send its headers and receive answers in time.
fn connection(
    stream: TcpStream,
    client: SocketAddr,
    router: Router,
    timeout: Duration,
) -> Connection {
    // Answers are written at once; waiting for more data would only delay them.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(timeout));
    let service =
        tower::ServiceBuilder::new().layer(axum::Extension(ConnectInfo(client))).service(router);
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(service))
}

/// Loads the models and builds the routes.
pub(crate) fn build(
    options: Options,
    models: Vec<ModelSource>,
) -> Result<(Arc<App>, Router), ServeError> {
    let metrics = Arc::new(Metrics::new());
    let shared = Shared {
        device: options.device.clone(),
        compute_type: options.compute_type,
        limits: Limits {
            queued_tokens: options.queued_tokens,
            batch_tokens: options.batch_tokens,
            batch_rows: BATCH_ROWS,
        },
        pool: Pool::default(),
        metrics: metrics.clone(),
        log_texts: options.log_texts,
    };
    let models = Models::load_all(models, shared)?;
    let app = Arc::new(App::new(options, models, metrics));
    let router = router(app.clone())?;
    Ok((app, router))
}
