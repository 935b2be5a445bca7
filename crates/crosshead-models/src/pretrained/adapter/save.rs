//! Writing an adapter directory.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{DType, TensorData};
use crosshead_kernels::{Linears, LoraConfig, LoraScaling};
use crosshead_weights::{parameters, write_tensors};
use serde_json::{Map, Value, json};

use super::attach::{module, trains_with_adapter};
use super::config::CONFIG;
use super::targets::ends;
use super::{ENDS, PREFIX, WEIGHT};
use crate::ModelError;
use crate::pretrained::load::no_such_weight;
use crate::pretrained::names::{Form, Names};
use crate::pretrained::{Head, write_json};

/// Linear layers in `transformers` that our models may not have.
const OTHERS: [&str; 2] = ["pooler.dense", "lm_head"];

/// The update of a module of `transformers`.
struct Update {
    config: LoraConfig,
    is_transposed: bool,
    /// A and B of each of our linear layers in it.
    parts: BTreeMap<usize, [TensorData; 2]>,
}

/// Writes the low-rank updates of a model, and its head if that is trained with them, as an adapter directory; `false` if
/// the model has no updates.
pub(crate) fn save<M: Module + Linears>(
    model: &M,
    names: &Names,
    head: Head,
    dir: &Path,
) -> Result<bool, ModelError> {
    let path = dir.join("adapter_model.safetensors");
    let (updates, others) = updates(model, names);
    let Some(first) = updates.values().next() else { return Ok(false) };
    let config = first.config;
    let mut tensors = BTreeMap::new();
    let mut patterns = [Map::new(), Map::new()];
    let modules: Vec<String> = updates.keys().cloned().collect();
    let is_transposed = updates.values().any(|update| update.is_transposed);
    for (module, update) in updates {
        let n = update.parts.len();
        if n > 1 {
            // A block for each part: the rank grows, the factor stays.
            let growth = match config.scaling() {
                LoraScaling::Rank => n as f64,
                LoraScaling::RootRank => (n as f64).sqrt(),
            };
            let end = ends(std::slice::from_ref(&module), &[]).remove(0);
            patterns[0].insert(end.clone(), json!(n * config.rank()));
            patterns[1].insert(end, number(growth * config.alpha()));
        }
        let merged = merge(update.parts.into_values().collect());
        for (end, data) in ENDS.into_iter().zip(merged) {
            tensors.insert(format!("{PREFIX}{module}{end}"), data);
        }
    }
    let mut full = Vec::new();
    for (parameter, data) in parameters::read(model) {
        if !trains_with_adapter(head, &parameter) {
            continue;
        }
        let location = names.locate(&parameter).ok_or_else(|| no_such_weight(&path, &parameter))?;
        let name = names.written(&location.name);
        full.push(head_module(&name).to_owned());
        tensors.insert(format!("{PREFIX}{name}"), data.convert_dtype(DType::F32));
    }
    full.dedup();
    let [rank_pattern, alpha_pattern] = patterns;
    let task = match head {
        Head::Seq2SeqLm => json!("SEQ_2_SEQ_LM"),
        Head::CausalLm => json!("CAUSAL_LM"),
        Head::SequenceClassifier => json!("SEQ_CLS"),
        Head::TokenClassifier => json!("TOKEN_CLS"),
        Head::Encoder => json!("FEATURE_EXTRACTION"),
        Head::MaskedLm => Value::Null,
    };
    let keys = json!({
        "alpha_pattern": alpha_pattern,
        "base_model_name_or_path": null,
        "bias": "none",
        "fan_in_fan_out": is_transposed,
        "inference_mode": true,
        "init_lora_weights": true,
        "lora_alpha": number(config.alpha()),
        "lora_dropout": config.dropout().to_string().parse::<f64>().unwrap_or_default(),
        "modules_to_save": if full.is_empty() { Value::Null } else { json!(full) },
        "peft_type": "LORA",
        "r": config.rank(),
        "rank_pattern": rank_pattern,
        "target_modules": ends(&modules, &others),
        "task_type": task,
        "use_rslora": config.scaling() == LoraScaling::RootRank,
    });
    let Value::Object(keys) = keys else { unreachable!("the keys are an object") };
    write_json(&dir.join(CONFIG), keys)?;
    write_tensors(&path, &tensors)?;
    Ok(true)
}

/// The updates by module, and the modules without one.
fn updates<M: Module + Linears>(
    model: &M,
    names: &Names,
) -> (BTreeMap<String, Update>, Vec<String>) {
    let mut updates: BTreeMap<String, Update> = BTreeMap::new();
    let mut others: Vec<String> = OTHERS.map(str::to_owned).into();
    model.clone().visit_linears("", &mut |path, linear| {
        let parameter = format!("{path}{WEIGHT}");
        let Some(module) = module(names, &parameter) else { return };
        let Some(lora) = &linear.lora else { return others.push(module) };
        let form = names.locate(&parameter).map_or(Form::Same, |location| location.form);
        let part = if let Form::Columns { part, .. } = form { part } else { 0 };
        let update = updates.entry(module).or_insert_with(|| Update {
            config: lora.config(),
            is_transposed: matches!(form, Form::Transposed | Form::Columns { .. }),
            parts: BTreeMap::new(),
        });
        let tensors = [&lora.a, &lora.b].map(|weight| weight.val().into_data());
        update.parts.insert(part, tensors);
    });
    others.retain(|other| !updates.contains_key(other));
    (updates, others)
}

/// A and B of a module: those of its only part; for several parts, their A on top of each other and a block matrix with
/// their B.
fn merge(mut parts: Vec<[TensorData; 2]>) -> [TensorData; 2] {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let n = parts.len();
    let values = |data: &TensorData| data.try_to_vec::<f32>().expect("parameters are f32");
    let [d_in, rank] = [parts[0][0].shape()[1], parts[0][1].shape()[1]];
    let a: Vec<f32> = parts.iter().flat_map(|[a, _]| values(a)).collect();
    let mut b = Vec::new();
    for (index, [_, part]) in parts.iter().enumerate() {
        for row in values(part).chunks_exact(rank) {
            b.extend(std::iter::repeat_n(0.0, index * rank));
            b.extend(row);
            b.extend(std::iter::repeat_n(0.0, (n - 1 - index) * rank));
        }
    }
    let d_out = b.len() / (n * rank);
    [TensorData::new(a, [n * rank, d_in]), TensorData::new(b, [d_out, n * rank])]
}

/// The module in `modules_to_save` that contains a parameter of a head. PEFT always saves `classifier`, whose submodules must
/// not be named again.
fn head_module(name: &str) -> &str {
    const CLASSIFIER: &str = "classifier";
    if name.split('.').next() == Some(CLASSIFIER) {
        return CLASSIFIER;
    }
    name.rsplit_once('.').map_or(name, |(module, _)| module)
}

/// A number, without a fraction if it has none.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_become_blocks_with_the_same_product() {
        // d_in = 2, d_out = 1, rank 1
        let part = |a: [f32; 2], b: f32| {
            [TensorData::new(a.to_vec(), [1, 2]), TensorData::new(vec![b], [1, 1])]
        };
        let [a, b] = merge(vec![part([1.0, 2.0], 3.0), part([4.0, 5.0], 6.0)]);
        assert_eq!(a, TensorData::new(vec![1.0_f32, 2.0, 4.0, 5.0], [2, 2]));
        assert_eq!(b, TensorData::new(vec![3.0_f32, 0.0, 0.0, 6.0], [2, 2]));
    }
}
