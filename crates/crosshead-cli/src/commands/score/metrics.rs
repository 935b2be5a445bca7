//! The metrics and settings that the options ask for.

use anyhow::bail;
use crosshead::metrics::{Bleu, Chrf, Metric, Rouge, RougeVariant, Smoothing, Ter};

use crate::args::{MetricName, Score, SmoothName};

/// The metrics, in the order of `--metrics`.
pub(super) fn of(args: &Score) -> anyhow::Result<Vec<Box<dyn Metric>>> {
    let mut metrics: Vec<Box<dyn Metric>> = Vec::new();
    for (index, &name) in args.metrics.iter().enumerate() {
        if args.metrics[..index].contains(&name) {
            bail!("--metrics names a metric twice");
        }
        metrics.extend(named(args, name)?);
    }
    Ok(metrics)
}

/// The first metric, as it compares single segments.
pub(super) fn of_segments(args: &Score) -> anyhow::Result<Box<dyn Metric>> {
    if args.metrics[0] == MetricName::Bleu {
        return Ok(Box::new(bleu(args)?.with_effective_order(true)));
    }
    Ok(named(args, args.metrics[0])?.remove(0))
}

fn named(args: &Score, name: MetricName) -> anyhow::Result<Vec<Box<dyn Metric>>> {
    Ok(match name {
        MetricName::Bleu => vec![Box::new(bleu(args)?)],
        MetricName::Chrf => vec![Box::new(chrf(args, Chrf::new())?)],
        MetricName::ChrfPlusPlus => vec![Box::new(chrf(args, Chrf::plus_plus())?)],
        MetricName::Ter => vec![Box::new(
            Ter::new()
                .with_case_sensitive(args.ter.ter_case_sensitive)
                .with_normalized(args.ter.ter_normalized)
                .with_no_punctuation(args.ter.ter_no_punct)
                .with_asian_support(args.ter.ter_asian_support),
        )],
        MetricName::Rouge => {
            let rouge = Rouge::new().with_stemmer(args.rouge_stemmer);
            let variants = [RougeVariant::Rouge1, RougeVariant::Rouge2, RougeVariant::RougeL];
            variants.map(|variant| Box::new(rouge.variant(variant)) as Box<dyn Metric>).into()
        }
    })
}

fn bleu(args: &Score) -> anyhow::Result<Bleu> {
    let options = &args.bleu;
    let value = options.smooth_value;
    let smoothing = match options.smooth.unwrap_or(SmoothName::Exp) {
        SmoothName::Floor => Smoothing::Floor(value.unwrap_or(0.1)),
        SmoothName::AddK => Smoothing::AddK(value.unwrap_or(1.0)),
        SmoothName::Exp | SmoothName::None if value.is_some() => {
            bail!("--smooth-value has no effect without --smooth floor or add-k")
        }
        SmoothName::Exp => Smoothing::Exponential,
        SmoothName::None => Smoothing::None,
    };
    smoothing.check()?;
    Ok(Bleu::new()
        .with_tokenizer(options.tokenize.unwrap_or_default())
        .with_smoothing(smoothing)
        .with_lowercase(options.lowercase)
        // As in sacreBLEU, so that a short segment has a score.
        .with_effective_order(options.effective_order || args.sentence))
}

fn chrf(args: &Score, mut chrf: Chrf) -> anyhow::Result<Chrf> {
    let options = &args.chrf;
    if let Some(order) = options.chrf_char_order {
        chrf = chrf.with_char_order(order.into());
    }
    if let Some(order) = options.chrf_word_order {
        chrf = chrf.with_word_order(order.into());
    }
    if let Some(beta) = options.chrf_beta {
        chrf = chrf.with_beta(beta.into());
    }
    let chrf = chrf
        .with_lowercase(options.chrf_lowercase)
        .with_whitespace(options.chrf_whitespace)
        .with_eps_smoothing(options.chrf_eps_smoothing);
    chrf.check()?;
    Ok(chrf)
}
