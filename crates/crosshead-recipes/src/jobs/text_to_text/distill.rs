//! The teacher of a student.

use std::path::Path;

use crosshead_data::Pair;
use crosshead_models::{EncoderDecoder, Teacher};
use crosshead_tasks::model_files;
use crosshead_tokenize::Tokenizer;

use super::languages;
use super::sections::{DistillSection, TextToTextRecipe};
use crate::RunError;
use crate::job::Setup;
use crate::recipe::InvalidKey;

/// Pairs whose ids are compared.
const COMPARED: usize = 1000;

/// A frozen model whose distributions the trained model learns.
pub(super) struct Frozen {
    model: EncoderDecoder,
    section: DistillSection,
}

impl Frozen {
    /// Loads the teacher of a recipe, if it has one, and checks that its tokenizer is the student's.
    ///
    /// # Errors
    /// If there is no model, or the tokenizers differ.
    pub(super) fn load(
        recipe: &TextToTextRecipe,
        tokenizer: &Tokenizer,
        pairs: &[Pair],
        setup: &Setup<'_>,
    ) -> Result<Option<Self>, RunError> {
        let section = &recipe.distill;
        let Some(dir) = &section.teacher else { return Ok(None) };
        let files = model_files(Path::new(dir), None)?;
        let of_teacher = languages::apply(Tokenizer::from_dir(files.dir())?, &recipe.data)?;
        check_tokenizer(&of_teacher, tokenizer, pairs)?;
        let model = EncoderDecoder::from_files(&files, setup.device)?;
        Ok(Some(Self { model, section: section.clone() }))
    }

    /// Checks that the teacher's distributions are over the classes of `student`.
    ///
    /// # Errors
    /// If the student has other classes or another start token.
    pub(super) fn check(&self, student: &EncoderDecoder) -> Result<(), InvalidKey> {
        let (teacher, student) = (self.model.config(), student.config());
        let facts = [
            ("vocabulary", teacher.vocab_size, student.vocab_size),
            ("softmax classes", teacher.n_classes(), student.n_classes()),
            ("padding id", teacher.pad_id as usize, student.pad_id as usize),
            ("decoder start id", teacher.start_id as usize, student.start_id as usize),
        ];
        match facts.iter().find(|(_, teacher, student)| teacher != student) {
            None => Ok(()),
            Some((fact, teacher, student)) => Err(InvalidKey::new(
                "distill.teacher",
                format!(
                    "the {fact} of the teacher is {teacher}, but that of the trained model is {student}; train a student of the same family (init)"
                ),
            )),
        }
    }

    /// The teacher with its temperature and weight.
    pub(super) fn teacher(&self) -> Teacher<'_> {
        Teacher {
            model: &self.model,
            temperature: self.section.temperature as f32,
            weight: self.section.weight as f32,
        }
    }
}

/// Checks that the ids of the tokenizers mean the same.
fn check_tokenizer(
    teacher: &Tokenizer,
    student: &Tokenizer,
    pairs: &[Pair],
) -> Result<(), RunError> {
    let other = |difference: String| -> RunError {
        let reason = format!("its tokenizer is not that of the trained model: {difference}");
        InvalidKey::new("distill.teacher", reason).into()
    };
    let sizes = [teacher, student].map(Tokenizer::vocab_size);
    if sizes[0] != sizes[1] {
        return Err(other(format!("{} tokens instead of {}", sizes[0], sizes[1])));
    }
    for id in 0..sizes[0] as u32 {
        let [of_teacher, of_student] =
            [teacher, student].map(|tokenizer| tokenizer.id_to_token(id).unwrap_or_default());
        if of_teacher != of_student {
            return Err(other(format!("id {id} is `{of_teacher}` instead of `{of_student}`")));
        }
    }
    for Pair { source, target } in pairs.iter().take(COMPARED) {
        if teacher.encode_with_special(source)? != student.encode_with_special(source)? {
            return Err(other(format!("it segments the source `{source}` differently")));
        }
        if teacher.encode_target(target)? != student.encode_target(target)? {
            return Err(other(format!("it segments the target `{target}` differently")));
        }
    }
    Ok(())
}
