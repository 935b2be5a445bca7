//! The models of the server.

mod facts;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crosshead_tasks::ModelTask;

use crate::engine::{Engine, Shared};
use crate::options::{ModelSource, ServeError};
use crate::reply::ApiError;
pub(crate) use facts::{Codes, Facts, same};

/// A model that was named at the start, loaded or not.
pub(crate) struct Model {
    pub(crate) source: ModelSource,
    pub(crate) facts: Facts,
    engine: RwLock<Option<Arc<Engine>>>,
}

/// All models.
pub(crate) struct Models {
    models: Vec<Model>,
    shared: Shared,
    /// Held while a model is loaded or unloaded.
    changing: Mutex<()>,
}

impl Model {
    pub(crate) fn name(&self) -> &str {
        &self.source.name
    }

    /// The running model.
    ///
    /// # Errors
    /// If it is not loaded.
    pub(crate) fn engine(&self) -> Result<Arc<Engine>, ApiError> {
        self.loaded().ok_or_else(|| {
            let name = self.name();
            ApiError::unavailable(format!(
                "the model {name} is not loaded; POST /api/models/load with {{\"model\": \"{name}\"}} loads it"
            ))
        })
    }

    pub(crate) fn loaded(&self) -> Option<Arc<Engine>> {
        self.engine.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Model {
    fn set(&self, engine: Option<Arc<Engine>>) -> Option<Arc<Engine>> {
        std::mem::replace(&mut *self.engine.write().unwrap_or_else(PoisonError::into_inner), engine)
    }
}

impl Models {
    /// Loads models.
    ///
    /// # Errors
    /// If two have the same name, or one cannot be read.
    pub(crate) fn load_all(sources: Vec<ModelSource>, shared: Shared) -> Result<Self, ServeError> {
        let mut models: Vec<Model> = Vec::new();
        for source in sources {
            let name = source.name.clone();
            if name.is_empty() || name.chars().any(char::is_control) {
                return Err(ServeError::Name(name));
            }
            if models.iter().any(|model| model.name() == name) {
                return Err(ServeError::SameName(name));
            }
            let wrong = |reason: String| ServeError::Model { name: name.clone(), reason };
            let facts =
                Facts::read(&name, &source.dir).map_err(|error| wrong(error.to_string()))?;
            let engine = Engine::start(&name, source.dir.clone(), &shared)
                .map_err(|error| wrong(error.message))?;
            let engine = RwLock::new(Some(Arc::new(engine)));
            models.push(Model { source, facts, engine });
        }
        Ok(Self { models, shared, changing: Mutex::default() })
    }

    pub(crate) fn all(&self) -> &[Model] {
        &self.models
    }

    /// The model with this name.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn named(&self, name: &str) -> Result<&Model, ApiError> {
        self.models.iter().find(|model| model.name() == name).ok_or_else(|| {
            let names: Vec<&str> = self.models.iter().map(Model::name).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            ApiError::missing(format!("there is no model `{name}`; the models are: {names}"))
        })
    }

    /// The model with this name, which must have the task; without a name, the only loaded model with the task.
    ///
    /// # Errors
    /// If there is none, or a name is needed.
    pub(crate) fn for_task(&self, name: Option<&str>, task: ModelTask) -> Result<&Model, ApiError> {
        if let Some(name) = name {
            let model = self.named(name)?;
            if model.facts.task != task {
                let own = task_name(model.facts.task);
                let asked = task_name(task);
                return Err(ApiError::unprocessable(format!(
                    "the model {name} is for {own}, not {asked}"
                )));
            }
            return Ok(model);
        }
        let found: Vec<&Model> = self.with_task(task).collect();
        match found.as_slice() {
            [only] => Ok(only),
            [] => Err(no_model(task)),
            several => {
                let names: Vec<&str> = several.iter().map(|model| model.name()).collect();
                Err(ApiError::unprocessable(format!(
                    "several models can do this; name one as `model`: {}",
                    names.join(", ")
                )))
            }
        }
    }

    /// The loaded models with a task.
    pub(crate) fn with_task(&self, task: ModelTask) -> impl Iterator<Item = &Model> {
        self.models.iter().filter(move |model| model.facts.task == task && model.loaded().is_some())
    }

    /// Loads a model that is not loaded. Blocks.
    ///
    /// # Errors
    /// If there is none with this name, or it cannot be read.
    pub(crate) fn load(&self, name: &str) -> Result<(), ApiError> {
        let model = self.named(name)?;
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if model.loaded().is_none() {
            let engine = Engine::start(name, model.source.dir.clone(), &self.shared)?;
            model.set(Some(Arc::new(engine)));
        }
        Ok(())
    }

    /// Unloads a model once its requests are answered. Blocks.
    ///
    /// # Errors
    /// If there is none with this name.
    pub(crate) fn unload(&self, name: &str) -> Result<(), ApiError> {
        let model = self.named(name)?;
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = model.set(None) {
            engine.stop();
        }
        Ok(())
    }
}

/// The error where no model has a task.
pub(crate) fn no_model(task: ModelTask) -> ApiError {
    ApiError::missing(format!(
        "no model for {} is loaded; start the server with --model NAME=PATH",
        task_name(task)
    ))
}

/// The name of a task in the API.
pub(crate) fn task_name(task: ModelTask) -> &'static str {
    match task {
        ModelTask::Translation => "translate",
        ModelTask::Summarization => "summarize",
        ModelTask::Classification => "classify",
        ModelTask::TokenClassification => "token-classify",
        ModelTask::Generation => "generate",
        ModelTask::FillMask => "fill-mask",
        ModelTask::Embedding => "embed",
    }
}
