//! Scores, confidence intervals and p-values of the systems.

use crosshead::metrics::{Confidence, Metric, PairedTest, Sampling, SegmentStatistics};
use serde_json::{Value, json};

use super::files::Corpus;
use crate::args::Score;

/// The scores of all systems.
pub(super) struct Results {
    /// The number of segments.
    pub(super) segments: usize,
    pub(super) metrics: Vec<Described>,
    pub(super) systems: Vec<SystemResult>,
    pub(super) paired: Option<PairedTest>,
}

/// A metric and its settings.
pub(super) struct Described {
    pub(super) name: String,
    pub(super) signature: String,
}

/// The scores of a system, in the order of the metrics.
pub(super) struct SystemResult {
    pub(super) name: String,
    pub(super) scores: Vec<Measured>,
}

/// The score of a system.
pub(super) struct Measured {
    pub(super) score: f64,
    /// What sacreBLEU prints after the score.
    pub(super) details: Option<String>,
    pub(super) confidence: Option<Confidence>,
    /// The p-value of the difference to the first system.
    pub(super) p_value: Option<f64>,
}

impl Results {
    pub(super) fn new(
        args: &Score,
        metrics: &[Box<dyn Metric>],
        corpus: &Corpus,
    ) -> anyhow::Result<Self> {
        let Samplings { confidence, paired } = Samplings::of(args);
        let references = corpus.references()?;
        let mut systems: Vec<SystemResult> = corpus
            .systems
            .iter()
            .map(|system| SystemResult { name: system.name.clone(), scores: Vec::new() })
            .collect();
        let mut described = Vec::new();
        let mut samplings: Vec<Sampling> = confidence.into_iter().chain(paired).collect();
        samplings.dedup();
        for metric in metrics {
            let metric = metric.as_ref();
            let statistics: Vec<SegmentStatistics> = corpus
                .systems
                .iter()
                .map(|system| SegmentStatistics::new(metric, &system.segments, &references))
                .collect::<Result<_, _>>()?;
            for (index, (system, counted)) in systems.iter_mut().zip(&statistics).enumerate() {
                let sum = counted.sum();
                let compared = paired.filter(|_| index > 0);
                system.scores.push(Measured {
                    score: metric.value(&sum),
                    details: metric.details(&sum),
                    confidence: confidence.map(|sampling| sampling.confidence(metric, counted)),
                    p_value: compared
                        .map(|sampling| sampling.p_value(metric, &statistics[0], counted)),
                });
            }
            let signature = metric.signature(references.count(), &samplings);
            described.push(Described { name: metric.name(), signature });
        }
        Ok(Self {
            segments: corpus.systems[0].segments.len(),
            metrics: described,
            systems,
            paired: paired.map(|sampling| sampling.test()),
        })
    }

    pub(super) fn to_json(&self) -> Value {
        let score = |(metric, measured): (&Described, &Measured)| {
            let mut object = json!({
                "name": metric.name,
                "score": measured.score,
                "signature": metric.signature,
            });
            if let Some(details) = &measured.details {
                object["details"] = json!(details);
            }
            if let Some(confidence) = measured.confidence {
                object["confidence"] = json!(confidence);
            }
            if let Some(p_value) = measured.p_value {
                object["p_value"] = json!(p_value);
            }
            object
        };
        let systems = self.systems.iter().map(|system| {
            let scores: Vec<Value> = self.metrics.iter().zip(&system.scores).map(score).collect();
            json!({ "system": system.name, "scores": scores })
        });
        json!({ "segments": self.segments, "systems": systems.collect::<Vec<_>>() })
    }
}

/// The samples that the options ask for.
struct Samplings {
    confidence: Option<Sampling>,
    paired: Option<Sampling>,
}

impl Samplings {
    fn of(args: &Score) -> Self {
        let options = &args.significance;
        let sampling = |test, samples: Option<u32>| {
            let mut sampling = Sampling::new(test);
            if let Some(samples) = samples {
                sampling = sampling.with_samples(samples as usize);
            }
            options.seed.map_or(sampling, |seed| sampling.with_seed(seed))
        };
        let bootstrap = sampling(PairedTest::Bootstrap, options.resamples);
        let randomization = sampling(PairedTest::Randomization, options.trials);
        let with_confidence = options.confidence || options.paired_bs;
        Self {
            confidence: with_confidence.then_some(bootstrap),
            paired: if options.paired_bs {
                Some(bootstrap)
            } else {
                options.paired_ar.then_some(randomization)
            },
        }
    }
}
