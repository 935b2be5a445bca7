//! `/api/attention`.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use crosshead_tasks::{
    AttentionHead, AttentionKind, AttentionLayers, AttentionMap, AttentionMaps, AttentionPanel,
    AttentionToken, attention_svg,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::{Loaded, estimate};
use crate::reply::{ApiError, Json};
use crate::state::Shared;

/// A text whose attention is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttentionRequest {
    /// The name of a model, of any task.
    model: Option<String>,
    source: String,
    /// The translation; without one, the model writes its own. For an encoder, a second text.
    target: Option<String>,
    /// `encoder`, `decoder` or `cross`; without it, the last kind that the model has.
    kind: Option<KindName>,
    /// The layer, from 1, or `all`; without it, all layers in JSON, the last one in SVG.
    layer: Option<Which>,
    /// The head, from 1, `mean` or `all`; without it, all heads in JSON, their mean in SVG.
    head: Option<Which>,
    /// Merges the tokens of words.
    #[serde(default)]
    words: bool,
    #[serde(default)]
    format: FormatName,
}

/// A number from 1, `mean` or `all`.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(untagged)]
enum Which {
    Number(usize),
    Name(WhichName),
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum WhichName {
    Mean,
    All,
}

#[derive(Clone, Copy, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum KindName {
    Encoder,
    Decoder,
    Cross,
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum FormatName {
    #[default]
    Json,
    Svg,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AttentionReply {
    source: String,
    target: Option<String>,
    kind: String,
    n_layers: usize,
    n_heads: usize,
    /// The rows of the maps.
    queries: Vec<String>,
    /// The columns.
    keys: Vec<String>,
    maps: Vec<MapReply>,
}

#[derive(Serialize, ToSchema)]
struct MapReply {
    layer: usize,
    head: HeadReply,
    /// A row for each query, which adds up to 1.
    weights: Vec<Vec<f32>>,
}

/// The number of a head, or `mean`.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum HeadReply {
    Number(usize),
    Mean(&'static str),
}

/// A map, and which one it is.
struct Chosen {
    layer: usize,
    head: AttentionHead,
    map: AttentionMap,
}

/// The most characters of a text whose attention is wanted.
const CHARACTERS: usize = 4000;

/// The attention of a model in a text.
#[utoipa::path(post, path = "/api/attention", request_body = AttentionRequest,
    responses((status = 200, body = AttentionReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn attention(
    State(app): Shared,
    Json(request): Json<AttentionRequest>,
) -> Result<Response, ApiError> {
    let characters = request.source.chars().count()
        + request.target.as_ref().map_or(0, |target| target.chars().count());
    if characters > CHARACTERS {
        return Err(ApiError::unprocessable(format!(
            "the attention of {characters} characters is too large; send at most {CHARACTERS}"
        )));
    }
    let model = match &request.model {
        Some(name) => app.models.named(name)?,
        None => {
            let mut loaded = app.models.all().iter().filter(|model| model.loaded().is_some());
            loaded.next().ok_or_else(|| ApiError::missing("no model is loaded"))?
        }
    };
    let engine = model.engine()?;
    let tokens = 4 * estimate(request.source.len());
    let is_svg = request.format == FormatName::Svg;
    let call = move |loaded: &mut Loaded| {
        let maps = loaded.viewer()?.maps(&request.source, request.target.as_deref())?;
        let layers = layers(&maps, request.kind)?;
        let chosen = choose(layers, &request)?;
        Ok(if is_svg {
            let panel =
                |chosen: Chosen| AttentionPanel { title: title(layers, &chosen), map: chosen.map };
            let panels: Vec<AttentionPanel> = chosen.into_iter().map(panel).collect();
            // A row for each layer.
            let shows_all = matches!(request.head, Some(Which::Name(WhichName::All)));
            let columns = if shows_all { layers.n_heads() } else { 1 };
            Drawn::Svg(attention_svg(&panels, columns))
        } else {
            Drawn::Json(Box::new(reply(&maps, layers, chosen)))
        })
    };
    Ok(match engine.call(tokens, call).await? {
        Drawn::Json(reply) => Reply(reply).into_response(),
        Drawn::Svg(svg) => ([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response(),
    })
}

enum Drawn {
    Json(Box<AttentionReply>),
    Svg(String),
}

fn layers(maps: &AttentionMaps, kind: Option<KindName>) -> Result<&AttentionLayers, ApiError> {
    let kind = match kind {
        Some(KindName::Encoder) => AttentionKind::Encoder,
        Some(KindName::Decoder) => AttentionKind::Decoder,
        Some(KindName::Cross) => AttentionKind::Cross,
        None => {
            let last = maps.layers().last();
            return last.ok_or_else(|| ApiError::unprocessable("the model has no attention"));
        }
    };
    Ok(maps.of(kind)?)
}

/// The maps that are wanted.
fn choose(layers: &AttentionLayers, request: &AttentionRequest) -> Result<Vec<Chosen>, ApiError> {
    let is_svg = request.format == FormatName::Svg;
    let (n_layers, n_heads) = (layers.n_layers(), layers.n_heads());
    // A number of 0 is an index that no model has.
    let index = |number: usize| number.wrapping_sub(1);
    let indices = match request.layer {
        Some(Which::Number(layer)) => vec![index(layer)],
        Some(Which::Name(WhichName::Mean)) => {
            return Err(ApiError::unprocessable("`layer` is a number from 1, or `all`"));
        }
        None if is_svg => vec![n_layers.saturating_sub(1)],
        None | Some(Which::Name(WhichName::All)) => (0..n_layers).collect(),
    };
    let heads = match request.head {
        Some(Which::Number(head)) => vec![AttentionHead::Index(index(head))],
        Some(Which::Name(WhichName::Mean)) => vec![AttentionHead::Mean],
        None if is_svg => vec![AttentionHead::Mean],
        None | Some(Which::Name(WhichName::All)) => {
            (0..n_heads).map(AttentionHead::Index).collect()
        }
    };
    let mut chosen = Vec::new();
    for layer in indices {
        for &head in &heads {
            let map = layers.map(layer, head)?;
            let map = if request.words { map.to_words() } else { map };
            chosen.push(Chosen { layer, head, map });
        }
    }
    Ok(chosen)
}

fn title(layers: &AttentionLayers, chosen: &Chosen) -> String {
    let head = match chosen.head {
        AttentionHead::Mean => format!("mean of {} heads", layers.n_heads()),
        AttentionHead::Index(head) => format!("head {}", head + 1),
    };
    format!("{} attention, layer {}, {head}", layers.kind(), chosen.layer + 1)
}

fn reply(maps: &AttentionMaps, layers: &AttentionLayers, chosen: Vec<Chosen>) -> AttentionReply {
    let names = |tokens: &[AttentionToken]| -> Vec<String> {
        tokens.iter().map(|token| token.text.clone()).collect()
    };
    let first = chosen.first().map(|chosen| &chosen.map);
    let (queries, keys) =
        first.map(|map| (names(map.queries()), names(map.keys()))).unwrap_or_default();
    let map = |Chosen { layer, head, map }: Chosen| MapReply {
        layer: layer + 1,
        head: match head {
            AttentionHead::Mean => HeadReply::Mean("mean"),
            AttentionHead::Index(head) => HeadReply::Number(head + 1),
        },
        weights: map.weights().to_vec(),
    };
    AttentionReply {
        source: maps.source().to_owned(),
        target: maps.target().map(str::to_owned),
        kind: layers.kind().name().to_owned(),
        n_layers: layers.n_layers(),
        n_heads: layers.n_heads(),
        queries,
        keys,
        maps: chosen.into_iter().map(map).collect(),
    }
}
