//! What happens beside the steps: validation, the best model, checkpoints, the log.

use std::path::Path;

use crosshead_kernels::LabelSmoothing;
use crosshead_models::EncoderDecoder;
use crosshead_train::{
    Checkpoint, CheckpointStore, Observer, Progress, RunLog, StepReport, TrainError, Validation,
};
use serde_json::json;

use super::corpus::Corpus;
use super::task::TranslationTask;
use super::{Event, Host, save_model};
use crate::recipe::{DecodeSection, Selection};
use crate::{Error, Recipe, SearchOptions, Translator, evaluate};

pub(super) struct RunObserver<'a, H> {
    pub(super) recipe: &'a Recipe,
    pub(super) corpus: &'a Corpus,
    pub(super) dir: &'a Path,
    pub(super) checkpoints: &'a CheckpointStore,
    pub(super) log: RunLog,
    pub(super) host: &'a mut H,
}

impl<H: Host> Observer<EncoderDecoder> for RunObserver<'_, H> {
    fn on_step(&mut self, report: &StepReport) -> Result<(), TrainError> {
        let progress = &report.progress;
        self.log.write(&json!({
            "step": progress.step,
            "epoch": progress.epoch + 1,
            "loss": report.loss,
            "learning_rate": report.learning_rate,
            "gradient_norm": report.gradient_norm,
            "targets": report.targets,
            "seconds": progress.seconds,
        }))?;
        self.host.on_event(Event::Step { report, steps: self.recipe.train.steps });
        Ok(())
    }

    fn validate(
        &mut self,
        model: &EncoderDecoder,
        progress: &Progress,
    ) -> Result<Validation, TrainError> {
        let task = TranslationTask::new(&self.corpus.valid, model.config(), LabelSmoothing::None);
        let loss = task.mean_loss(model);
        let search = SearchOptions::from(&self.recipe.decode).greedy();
        let translator = Translator::new(model.clone(), self.corpus.tokenizer.clone(), search);
        let bleu = evaluate(&translator, &self.corpus.valid_pairs, |_| {})
            .map_err(observer_error)?
            .bleu
            .score;
        let score = match self.recipe.train.select {
            Selection::Bleu => bleu,
            Selection::Loss => -loss,
        };
        let best = progress.best_score.is_none_or(|best| score >= best);
        self.log
            .write(&json!({ "step": progress.step, "valid_loss": loss, "valid_bleu": bleu }))?;
        self.host.on_event(Event::Validated { step: progress.step, loss, bleu, best });
        Ok(Validation { score })
    }

    fn on_best(&mut self, model: &EncoderDecoder, _: &Progress) -> Result<(), TrainError> {
        save_model(model, &self.corpus.tokenizer, self.recipe, &self.dir.join("model"))
            .map_err(observer_error)
    }

    fn on_checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        self.checkpoints.save(&checkpoint)
    }

    fn should_stop(&self) -> bool {
        self.host.should_stop()
    }
}

impl From<&DecodeSection> for SearchOptions {
    fn from(decode: &DecodeSection) -> Self {
        Self { beams: decode.beams, length_penalty: decode.length_penalty as f32, batch_size: 32 }
    }
}

fn observer_error(error: Error) -> TrainError {
    TrainError::Observer(Box::new(error))
}
