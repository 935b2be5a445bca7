//! `crosshead attention`.

mod blocks;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use crosshead::models::AttentionKind;
use crosshead::tasks::{
    AttentionHead, AttentionLayers, AttentionMap, AttentionMaps, AttentionPanel, AttentionToken,
    attention_svg,
};
use crosshead::{AttentionViewer, ModelTask};
use serde_json::{Value, json};

use super::lines::warn_if_cut;
use super::quantize::compute_type;
use super::write;
use crate::args::{Attention, Compute, HeadChoice, LayerChoice, Loops, Results};
use crate::output::rounded;
use crate::{device, models, output};

/// A map, and which one it is.
struct Chosen {
    /// The layer, from 0.
    layer: usize,
    head: AttentionHead,
    map: AttentionMap,
}

/// The form of the output.
enum Form {
    Terminal,
    Json,
    SvgFile(PathBuf),
    JsonFile(PathBuf),
}

pub(crate) fn run(args: &Attention, compute: &Compute) -> anyhow::Result<()> {
    let form = form(args)?;
    let maps = viewer(args, compute)?.maps(&args.source, args.target.as_deref())?;
    warn_if_cut(maps.is_truncated(), 1, "text");
    let layers = layers(&maps, args.kind.map(AttentionKind::from))?;
    let chosen = choose(layers, args)?;
    match form {
        Form::Terminal => {
            for chosen in &chosen {
                let title = title(layers, chosen);
                output::part(&blocks::draw(&title, &chosen.map, terminal_width()))?;
            }
            Ok(())
        }
        Form::Json => output::line(to_json(&maps, layers, &chosen)),
        Form::SvgFile(path) => {
            let panel = |chosen: &Chosen| AttentionPanel {
                title: title(layers, chosen),
                map: chosen.map.clone(),
            };
            let panels: Vec<AttentionPanel> = chosen.iter().map(panel).collect();
            let heads = if args.head == HeadChoice::All { layers.n_heads() } else { 1 };
            write_file(&path, &attention_svg(&panels, heads))
        }
        Form::JsonFile(path) => {
            write_file(&path, &format!("{}\n", to_json(&maps, layers, &chosen)))
        }
    }
}

fn form(args: &Attention) -> anyhow::Result<Form> {
    let Some(path) = &args.out else {
        return Ok(if args.json { Form::Json } else { Form::Terminal });
    };
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match extension.as_str() {
        "svg" => Ok(Form::SvgFile(path.clone())),
        "json" => Ok(Form::JsonFile(path.clone())),
        _ => bail!(
            "{}: the name must end with .svg or .json; browsers and drawing programs convert SVG to other formats",
            path.display()
        ),
    }
}

/// Loads the model.
fn viewer(args: &Attention, compute: &Compute) -> anyhow::Result<AttentionViewer> {
    let model = models::find(&args.model, ModelTask::Translation)?;
    let adapter = args.model.adapter.as_deref();
    match ModelTask::of(&model)? {
        ModelTask::Translation | ModelTask::Summarization => {
            let loaded = write::load(&model, adapter, &args.precision, compute)?;
            Ok(write::prepare(loaded, &args.search, &Results::BEST, Loops::Left)?.into())
        }
        ModelTask::Classification
        | ModelTask::TokenClassification
        | ModelTask::Generation
        | ModelTask::FillMask
        | ModelTask::Embedding => {
            if let Some(option) = args.search.given() {
                bail!("{option} applies only to translation and summarization models");
            }
            let device = device::open(compute.device)?;
            let compute_type = compute_type(&model, &args.precision, &device)?;
            let viewer = AttentionViewer::with_adapter(&model, adapter, &device)?;
            Ok(viewer.with_compute_type(compute_type))
        }
    }
}

/// The layers of a kind of attention: the last kind that the model has by default, which is cross-attention in an
/// encoder-decoder.
fn layers(maps: &AttentionMaps, kind: Option<AttentionKind>) -> anyhow::Result<&AttentionLayers> {
    match kind {
        Some(kind) => Ok(maps.of(kind)?),
        None => maps.layers().last().context("the model has no attention"),
    }
}

/// The maps to show.
fn choose(layers: &AttentionLayers, args: &Attention) -> anyhow::Result<Vec<Chosen>> {
    let (kind, n_layers, n_heads) = (layers.kind(), layers.n_layers(), layers.n_heads());
    let indices = match args.layer {
        LayerChoice::Last => n_layers.saturating_sub(1)..n_layers,
        LayerChoice::All => 0..n_layers,
        LayerChoice::Number(number) if number.get() <= n_layers => number.get() - 1..number.get(),
        LayerChoice::Number(number) => {
            bail!("--layer {number}: {kind} attention has {n_layers} layers, 1 to {n_layers}")
        }
    };
    let heads: Vec<AttentionHead> = match args.head {
        HeadChoice::Mean => vec![AttentionHead::Mean],
        HeadChoice::All => (0..n_heads).map(AttentionHead::Index).collect(),
        HeadChoice::Number(number) if number.get() <= n_heads => {
            vec![AttentionHead::Index(number.get() - 1)]
        }
        HeadChoice::Number(number) => {
            bail!("--head {number}: {kind} attention has {n_heads} heads, 1 to {n_heads}")
        }
    };
    let mut chosen = Vec::new();
    for layer in indices {
        for &head in &heads {
            let map = layers.map(layer, head)?;
            let map = if args.words { map.to_words() } else { map };
            chosen.push(Chosen { layer, head, map });
        }
    }
    Ok(chosen)
}

fn title(layers: &AttentionLayers, chosen: &Chosen) -> String {
    let kind = match layers.kind() {
        AttentionKind::Encoder => "encoder self-attention",
        AttentionKind::Decoder => "decoder self-attention",
        AttentionKind::Cross => "cross-attention",
    };
    let (layer, n_layers, n_heads) = (chosen.layer + 1, layers.n_layers(), layers.n_heads());
    let head = match chosen.head {
        AttentionHead::Mean => format!("mean of {n_heads} heads"),
        AttentionHead::Index(head) => format!("head {} of {n_heads}", head + 1),
    };
    format!("{kind}, layer {layer} of {n_layers}, {head}")
}

fn to_json(maps: &AttentionMaps, layers: &AttentionLayers, chosen: &[Chosen]) -> Value {
    let names = |tokens: &[AttentionToken]| -> Vec<String> {
        tokens.iter().map(|token| token.text.clone()).collect()
    };
    let map = |Chosen { layer, head, map }: &Chosen| {
        let head = match head {
            AttentionHead::Mean => json!("mean"),
            AttentionHead::Index(head) => json!(head + 1),
        };
        json!({ "layer": layer + 1, "head": head, "weights": rounded(map.weights()) })
    };
    let first = chosen.first().map(|chosen| &chosen.map);
    json!({
        "source": maps.source(),
        "target": maps.target(),
        "kind": layers.kind().name(),
        "n_layers": layers.n_layers(),
        "n_heads": layers.n_heads(),
        "queries": first.map(|map| names(map.queries())).unwrap_or_default(),
        "keys": first.map(|map| names(map.keys())).unwrap_or_default(),
        "maps": chosen.iter().map(map).collect::<Vec<_>>(),
    })
}

/// Writes a file and prints its name.
fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())?;
    output::line(path.display())
}

/// The columns of the terminal; none if the output is not a terminal.
fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(width.0.into())
}
