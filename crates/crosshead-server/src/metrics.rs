//! Metrics for Prometheus.

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The labels of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

/// The label of a route.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

/// The label of a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabel {
    model: String,
}

/// A histogram of times from a millisecond to two minutes.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 18))
}

/// The metrics of a server.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabel, Histogram, fn() -> Histogram>,
    rows: Family<ModelLabel, Counter>,
    tokens: Family<ModelLabel, Counter>,
    batches: Family<ModelLabel, Counter>,
    waiting: Family<ModelLabel, Gauge>,
    queued: Family<ModelLabel, Gauge>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("crosshead");
        let requests = Family::default();
        registry.register("requests", "Requests", requests.clone());
        let seconds: Family<RouteLabel, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(histogram as fn() -> Histogram);
        registry.register("request_seconds", "Time of requests", seconds.clone());
        let rows = Family::default();
        registry.register("rows", "Texts that were computed", rows.clone());
        let tokens = Family::default();
        registry.register("tokens", "Tokens that were computed, estimated", tokens.clone());
        let batches = Family::default();
        registry.register("batches", "Batches", batches.clone());
        let waiting = Family::default();
        registry.register("waiting_requests", "Requests that wait for a model", waiting.clone());
        let queued = Family::default();
        registry.register("queued_tokens", "Tokens that wait or are computed", queued.clone());
        Self { registry, requests, seconds, rows, tokens, batches, waiting, queued }
    }

    /// Counts an answered request.
    pub(crate) fn request(&self, route: &str, status: u16, time: Duration) {
        let route = route.to_owned();
        self.requests.get_or_create(&RequestLabels { route: route.clone(), status }).inc();
        self.seconds.get_or_create(&RouteLabel { route }).observe(time.as_secs_f64());
    }

    /// Counts a batch of a model.
    pub(crate) fn batch(&self, model: &str, rows: usize, tokens: usize) {
        let label = ModelLabel { model: model.to_owned() };
        self.batches.get_or_create(&label).inc();
        self.rows.get_or_create(&label).inc_by(rows as u64);
        self.tokens.get_or_create(&label).inc_by(tokens as u64);
    }

    /// Sets the load of a model.
    pub(crate) fn load(&self, model: &str, waiting: usize, tokens: usize) {
        let label = ModelLabel { model: model.to_owned() };
        self.waiting.get_or_create(&label).set(waiting as i64);
        self.queued.get_or_create(&label).set(tokens as i64);
    }

    /// The metrics in Prometheus's text format.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}
