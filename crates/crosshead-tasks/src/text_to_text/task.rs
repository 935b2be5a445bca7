//! Code shared by translation and summarization.

/// Implements the constructors, options and languages of a newtype over [`TextToText`](crate::TextToText).
macro_rules! text_to_text_task {
    ($task:ident) => {
        impl $task {
            /// Loads a model directory, or the best model of a run directory, with its `generation_config.json` and the
            /// `prefix` of its `config.json`.
            ///
            /// # Errors
            /// If the directory contains no encoder-decoder, or one of its files is missing or malformed.
            pub fn from_pretrained(
                dir: impl AsRef<std::path::Path>,
                device: &burn::tensor::Device,
            ) -> Result<Self, $crate::TaskError> {
                $crate::TextToText::from_pretrained(dir, device).map(Self)
            }

            /// Loads the model of these files; see [`model_files`](crate::model_files).
            ///
            /// # Errors
            /// As [`from_pretrained`](Self::from_pretrained), and if an adapter does not fit the model.
            pub fn from_files(
                files: &crosshead_models::ModelFiles,
                device: &burn::tensor::Device,
            ) -> Result<Self, $crate::TaskError> {
                $crate::TextToText::from_files(files, device).map(Self)
            }

            /// A task from a model outside autodiff and its tokenizer.
            pub fn new(
                model: crosshead_models::EncoderDecoder,
                tokenizer: crosshead_tokenize::Tokenizer,
            ) -> Self {
                Self($crate::TextToText::new(model, tokenizer))
            }

            /// Sets the model's decoding options, which apply where the fields of
            /// [`DecodeOptions`](crate::DecodeOptions) are `None`. Default: greedy decoding.
            pub fn with_generation(self, generation: crosshead_models::GenerationDefaults) -> Self {
                Self(self.0.with_generation(generation))
            }

            /// Sets the decoding options that override the model's. Default: none.
            pub fn with_options(self, options: $crate::DecodeOptions) -> Self {
                Self(self.0.with_options(options))
            }

            /// Sets the text prepended to each input. Default: none.
            pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
                Self(self.0.with_prefix(prefix))
            }

            /// Sets the compute type of the model. Default: the type stored in the files.
            pub fn with_compute_type(self, compute_type: crosshead_models::ComputeType) -> Self {
                Self(self.0.with_compute_type(compute_type))
            }

            /// Sets the number of texts per batch, which affects only the last bits of a score. Default: 32.
            pub fn with_batch_size(self, batch_size: usize) -> Self {
                Self(self.0.with_batch_size(batch_size))
            }

            /// Adds the alignment of words to the outputs; see
            /// [`TextToText::with_alignment`](crate::TextToText::with_alignment). Default: no alignment.
            ///
            /// # Errors
            /// If the decoder does not have this layer.
            pub fn with_alignment(
                self,
                layer: $crate::AlignmentLayer,
            ) -> Result<Self, $crate::TaskError> {
                self.0.with_alignment(layer).map(Self)
            }

            /// Sets the languages; see [`TextToText::with_languages`](crate::TextToText::with_languages). Default: the
            /// languages in the model's files.
            ///
            /// # Errors
            /// If the model has no languages or does not know these, or neither the arguments nor the files name a target.
            pub fn with_languages(
                self,
                source: Option<&str>,
                target: Option<&str>,
            ) -> Result<Self, $crate::TaskError> {
                self.0.with_languages(source, target).map(Self)
            }

            /// The decoding options of the model.
            pub fn generation(&self) -> &crosshead_models::GenerationDefaults {
                self.0.generation()
            }

            /// The decoding options that override the model's.
            pub fn options(&self) -> &$crate::DecodeOptions {
                self.0.options()
            }

            /// The text prepended to each input.
            pub fn prefix(&self) -> &str {
                self.0.prefix()
            }

            /// The keys of the model's `generation_config.json` that are not supported and would apply with
            /// the options.
            pub fn not_followed(&self) -> Vec<crosshead_models::NotFollowed> {
                self.0.not_followed()
            }

            /// The language codes of the model; empty if it has a single direction.
            pub fn languages(&self) -> Vec<&str> {
                self.0.languages()
            }

            /// The code of the output language; `None` if it was not set and the model's files do not name one.
            pub fn target_language(&self) -> Option<&str> {
                self.0.target_language()
            }

            /// Whether the model takes a source language.
            pub fn takes_source_language(&self) -> bool {
                self.0.takes_source_language()
            }
        }

        impl From<$crate::TextToText> for $task {
            fn from(engine: $crate::TextToText) -> Self {
                Self(engine)
            }
        }
    };
}

pub(crate) use text_to_text_task;
