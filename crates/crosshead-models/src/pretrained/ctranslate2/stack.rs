//! The configuration of an encoder or decoder stack.

use crosshead_blocks::{NormKind, NormOrder};
use crosshead_kernels::Activation;
use crosshead_position::{RotaryConfig, RotaryPairing, RotaryScaling, SinusoidLayout};

use super::settings::Settings;
use super::variables::Variables;
use crate::{ModelError, PositionKind, StackConfig};

/// The maximum length of models without a limit: CTranslate2's default `max_input_length`.
const MAX_LEN: usize = 1024;

/// The context length of models with rotary positions, because their files do not store it.
const MAX_CONTEXT: usize = 4096;

/// A stack of layers.
pub(super) struct Stack {
    pub(super) config: StackConfig,
    pub(super) n_layers: usize,
    /// The name of the embedding.
    pub(super) embedding: String,
    /// The number of rows of the embedding.
    pub(super) vocab_size: usize,
}

impl Stack {
    /// Reads the stack under `encoder` or `decoder`.
    ///
    /// # Errors
    /// If a variable is missing or not supported.
    pub(super) fn read(
        variables: &Variables<'_>,
        scope: &'static str,
        settings: &Settings,
    ) -> Result<Self, ModelError> {
        let layer = format!("{scope}/layer_0");
        let attention = format!("{layer}/self_attention");
        let in_file = |name: &str| format!("{scope}/{name}");
        let has = |name: &str| variables.has(name);
        let n_layers = count_layers(variables, scope)?;
        let embedding = ["embeddings_0/weight", "embeddings/weight"].map(in_file);
        let embedding = embedding.into_iter().find(|name| has(name));
        let embedding = embedding.unwrap_or_else(|| format!("{scope}/embeddings/weight"));
        let [vocab_size, d_model] = variables.matrix(&embedding)?;
        let heads = Heads::read(variables, scope, d_model)?;
        let [d_ff, _] = variables.matrix(&format!("{layer}/ffn/linear_0/weight"))?;
        let norm = match has(&format!("{layer}/ffn/layer_norm/beta")) {
            true => NormKind::Layer,
            false => NormKind::Rms,
        };
        let default_epsilon = match norm {
            NormKind::Layer => 1e-5,
            NormKind::Rms => 1e-6,
        };
        let biased = |names: &[&str]| names.iter().any(|name| has(&format!("{layer}/{name}/bias")));
        let (positions, max_len) = positions(variables, scope, &heads)?;
        let config = StackConfig {
            d_model,
            d_ff,
            n_heads: heads.n_heads,
            n_kv_heads: (heads.n_kv_heads != heads.n_heads).then_some(heads.n_kv_heads),
            d_head: (heads.d_head * heads.n_heads != d_model).then_some(heads.d_head),
            attention_scale: heads.scale,
            qkv_bias: biased(&[
                "self_attention/linear_0",
                "attention/linear_0",
                "attention/linear_1",
            ]),
            attention_out_bias: biased(&["self_attention/linear_1", "attention/linear_2"]),
            window: variables.size(&attention, "sliding_window")?,
            positions,
            max_len,
            norm,
            norm_order: match variables.flag(scope, "pre_norm", true)? {
                true => NormOrder::Pre,
                false => NormOrder::Post,
            },
            norm_epsilon: settings.layer_norm_epsilon.unwrap_or(default_epsilon),
            embedding_norm: has(&in_file("layernorm_embedding/gamma")),
            scale_embedding: scales_embedding(variables, scope, &embedding, d_model)?,
            activation: activation(variables, scope)?,
            gated: has(&format!("{layer}/ffn/linear_0_noact/weight")),
            feed_forward_bias: biased(&["ffn/linear_0", "ffn/linear_0_noact", "ffn/linear_1"]),
            dropout: 0.0,
            ..StackConfig::default()
        };
        Ok(Self { config, n_layers, embedding, vocab_size })
    }
}

/// The heads of self-attention.
struct Heads {
    n_heads: usize,
    n_kv_heads: usize,
    d_head: usize,
    /// The factor of QKᵀ, if it is not 1/√d_head.
    scale: Option<f32>,
}

impl Heads {
    fn read(variables: &Variables<'_>, scope: &str, d_model: usize) -> Result<Self, ModelError> {
        let attention = format!("{scope}/layer_0/self_attention");
        let n_heads = variables.size(scope, "num_heads")?;
        let n_heads = n_heads.ok_or_else(|| variables.missing(&format!("{scope}/num_heads")))?;
        let n_kv_heads = match variables.flag(&attention, "multi_query", false)? {
            true => 1,
            false => variables.size(&attention, "num_heads_kv")?.unwrap_or(n_heads),
        };
        let fused = format!("{attention}/linear_0/weight");
        let [rows, _] = variables.matrix(&fused)?;
        // Queries, keys and values are fused.
        let n_blocks = n_heads.saturating_add(n_kv_heads.saturating_mul(2));
        if rows == 0 || !rows.is_multiple_of(n_blocks) {
            let reason = format!(
                "has {rows} rows, which cannot be divided into {n_heads} query and {n_kv_heads} key and value heads"
            );
            return Err(variables.wrong(&fused, reason));
        }
        let d_head = rows / n_blocks;
        let named = variables.size(&attention, "head_dim")?;
        if let Some(named) = named.filter(|&named| named != d_head) {
            let reason = format!("is {named}, but `{fused}` has heads of {d_head}");
            return Err(variables.wrong(&format!("{attention}/head_dim"), reason));
        }
        let usual = (d_head as f32).sqrt().recip();
        // CTranslate2 computes the default scale from d_model / num_heads unless `head_dim` is set.
        let assumed = named.unwrap_or(d_model / n_heads).max(1);
        let scale = variables.number(&attention, "queries_scale");
        let scale = scale.unwrap_or_else(|| (assumed as f32).sqrt().recip());
        let scale = ((scale - usual).abs() > 1e-6 * usual).then_some(scale);
        Ok(Self { n_heads, n_kv_heads, d_head, scale })
    }
}

/// The number of layers, all of which must have the same scalars as the first.
fn count_layers(variables: &Variables<'_>, scope: &str) -> Result<usize, ModelError> {
    let has_layer = |layer: &usize| {
        variables.has(&format!("{scope}/layer_{layer}/self_attention/linear_0/weight"))
    };
    let n_layers = (0..).take_while(has_layer).count();
    let first = format!("{scope}/layer_0/");
    let model = variables.model();
    for rest in model.scalars().filter_map(|(name, _)| name.strip_prefix(&first)) {
        for name in (1..n_layers).map(|layer| format!("{scope}/layer_{layer}/{rest}")) {
            if model.scalar(&name).is_none() {
                let reason =
                    format!("is missing, unlike `{first}{rest}`: all layers must be equal");
                return Err(variables.wrong(&name, reason));
            }
        }
    }
    Ok(n_layers)
}

fn activation(variables: &Variables<'_>, scope: &str) -> Result<Activation, ModelError> {
    // The values of `Activation` in ctranslate2/specs/common_spec.py.
    match variables.integer(scope, "activation")?.unwrap_or(0) {
        0 => Ok(Activation::Relu),
        1 => Ok(Activation::GeluTanh),
        2 => Ok(Activation::Silu),
        3 => Ok(Activation::Gelu),
        other => {
            let reason = format!(
                "is {other}; 0 (ReLU), 1 (GELU with tanh), 2 (Swish) and 3 (GELU) are supported"
            );
            Err(variables.wrong(&format!("{scope}/activation"), reason))
        }
    }
}

/// Whether embeddings are multiplied by √d_model. The variable is either a flag or the factor.
fn scales_embedding(
    variables: &Variables<'_>,
    scope: &str,
    embedding: &str,
    d_model: usize,
) -> Result<bool, ModelError> {
    use crosshead_weights::Ct2Scalar;
    let own = embedding.trim_end_matches("weight").to_owned() + "multiply_by_sqrt_depth";
    let scalar = variables.attribute(scope, "scale_embeddings");
    let scalar = scalar.or_else(|| variables.model().scalar(&own));
    let root = (d_model as f32).sqrt();
    match scalar {
        None => Ok(true),
        Some(Ct2Scalar::Integer(flag)) => Ok(flag != 0),
        Some(Ct2Scalar::Float(1.0)) => Ok(false),
        Some(Ct2Scalar::Float(factor)) if (factor - root).abs() <= 1e-6 * root => Ok(true),
        Some(Ct2Scalar::Float(factor)) => {
            let reason = format!("is {factor}; 1 and √{d_model} are supported");
            Err(variables.wrong(&format!("{scope}/scale_embeddings"), reason))
        }
    }
}

/// The positions and their maximum number.
fn positions(
    variables: &Variables<'_>,
    scope: &str,
    heads: &Heads,
) -> Result<(PositionKind, usize), ModelError> {
    if variables.flag(scope, "alibi", false)? {
        return Err(variables.wrong(&format!("{scope}/alibi"), "ALiBi is not supported"));
    }
    let attention = format!("{scope}/layer_0/self_attention");
    let bias = format!("{attention}/relative_attention_bias");
    let table = format!("{scope}/position_encodings/encodings");
    if variables.model().scalar(&format!("{attention}/rotary_dim")).is_some() {
        return Ok((PositionKind::Rotary(rotary(variables, &attention, heads)?), MAX_CONTEXT));
    }
    if variables.has(&bias) {
        let [n_buckets, _] = variables.matrix(&bias)?;
        let name = "relative_attention_max_distance";
        let max_distance = variables.size(&attention, name)?;
        let max_distance =
            max_distance.ok_or_else(|| variables.missing(&format!("{attention}/{name}")))?;
        return Ok((PositionKind::Relative { n_buckets, max_distance }, MAX_LEN));
    }
    if variables.has(&table) {
        let [max_len, _] = variables.matrix(&table)?;
        return Ok((PositionKind::Learned { offset: 0 }, max_len));
    }
    Ok((PositionKind::Sinusoidal { layout: SinusoidLayout::Tensor2Tensor, offset: 1 }, MAX_LEN))
}

fn rotary(
    variables: &Variables<'_>,
    attention: &str,
    heads: &Heads,
) -> Result<RotaryConfig, ModelError> {
    let rotated = variables.size(attention, "rotary_dim")?.unwrap_or(heads.d_head);
    let pairing = match variables.flag(attention, "rotary_interleave", true)? {
        true => RotaryPairing::Interleaved,
        false => RotaryPairing::HalfSplit,
    };
    let positive = |name: &str, default: f32| {
        let value = variables.number(attention, name).unwrap_or(default);
        if value.is_finite() && value > 0.0 {
            return Ok(f64::from(value));
        }
        let reason = format!("is {value}; it must be a number above 0");
        Err(variables.wrong(&format!("{attention}/{name}"), reason))
    };
    let factor = || positive("rotary_scaling_factor", 1.0);
    // The values of `RotaryScalingType` in ctranslate2/specs/attention_spec.py.
    let scaling = match variables.integer(attention, "rotary_scaling_type")? {
        None | Some(-1) => RotaryScaling::None,
        Some(0) => RotaryScaling::Linear { factor: factor()? },
        Some(2) => {
            let name = "original_max_position_embeddings";
            let original = variables.size(attention, name)?;
            RotaryScaling::Llama3 {
                factor: factor()?,
                low_freq_factor: positive("rotary_low_freq_factor", 1.0)?,
                high_freq_factor: positive("rotary_high_freq_factor", 4.0)?,
                // Without it, CTranslate2 scales every frequency, unlike the original model.
                original_max_len: original
                    .ok_or_else(|| variables.missing(&format!("{attention}/{name}")))?,
            }
        }
        Some(other) => {
            let reason = format!("is {other}; 0 (linear) and 2 (llama3) are supported");
            return Err(variables.wrong(&format!("{attention}/rotary_scaling_type"), reason));
        }
    };
    Ok(RotaryConfig::new(heads.d_head)
        .with_base(positive("rotary_base", 10_000.0)?)
        .with_pairing(pairing)
        .with_scaling(scaling)
        .with_rotated_dims(rotated))
}
