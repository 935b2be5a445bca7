//! The `[lora]` section.

use crosshead_models::{LoraConfig, LoraScaling, LoraTargets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::key::{InvalidKey, at_least};

/// LoRA (Hu et al. 2021): a low-rank update of linear layers is trained instead of the pretrained model. The run saves it
/// as an adapter directory of PEFT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoraSection {
    /// Rank of the update of each layer.
    pub rank: usize,
    /// Alpha: the update is multiplied by alpha / rank.
    pub alpha: f64,
    /// Dropout probability of the input of each update.
    pub dropout: f64,
    /// The linear layers that get an update, by the names of their modules in `transformers`, as `target_modules` of PEFT:
    /// `"all-linear"` (all except the head), a list of names or ends of names (`["q_proj", "v_proj"]`), or a regular
    /// expression for the whole name (`".*decoder.*(q|v)_proj"`).
    #[schemars(with = "String", extend("type" = ["string", "array"]))]
    pub targets: LoraTargets,
    /// How alpha scales the update: `rank`, alpha / rank; `root_rank`, alpha / √rank (rsLoRA, Kalajdzievski 2023).
    #[schemars(with = "String")]
    pub scaling: LoraScaling,
}

impl Default for LoraSection {
    fn default() -> Self {
        Self {
            rank: 16,
            alpha: 32.0,
            dropout: 0.0,
            targets: LoraTargets::all_linear(),
            scaling: LoraScaling::Rank,
        }
    }
}

impl LoraSection {
    /// The configuration of each update.
    pub fn config(&self) -> LoraConfig {
        LoraConfig::new(self.rank)
            .with_alpha(self.alpha)
            .with_dropout(self.dropout as f32)
            .with_scaling(self.scaling)
    }

    /// Checks the section of a recipe with this pretrained model and these frozen parameters.
    pub(crate) fn check(&self, init: bool, freeze: &[String]) -> Result<(), InvalidKey> {
        if !init {
            let reason = "an adapter needs a pretrained model; set init, or remove the section";
            return Err(InvalidKey::new("lora", reason));
        }
        if !freeze.is_empty() {
            let reason = "with [lora], only the adapter is trained; remove this key";
            return Err(InvalidKey::new("train.freeze", reason));
        }
        at_least("lora.rank", self.rank, 1)?;
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            let reason = format!("{}: must be a finite number above 0", self.alpha);
            return Err(InvalidKey::new("lora.alpha", reason));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            let reason = format!("{} is outside [0, 1)", self.dropout);
            return Err(InvalidKey::new("lora.dropout", reason));
        }
        Ok(())
    }
}
