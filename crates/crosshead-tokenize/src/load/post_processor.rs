//! The special tokens that each family puts around a text.

use tokenizers::PostProcessorWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::roberta::RobertaProcessing;

use super::directory::Directory;
use crate::family::Family;
use crate::frame::{Frame, Token};
use crate::parts::Pipeline;
use crate::{SpecialRole, TokenizeError};

/// Sets the post-processor of the directory's family.
pub(super) fn set(directory: &Directory, pipeline: &mut Pipeline) -> Result<(), TokenizeError> {
    let token = |role| -> Result<Token, TokenizeError> {
        let text = directory.required(role)?;
        let id = pipeline.token_to_id(&text);
        id.map(|id| (text, id)).ok_or(TokenizeError::MissingSpecialToken { role })
    };
    let processor: PostProcessorWrapper = match directory.family {
        Some(Family::Bert | Family::Albert) => {
            Frame::of_segments(token(SpecialRole::Cls)?, token(SpecialRole::Sep)?)
                .processor()
                .into()
        }
        Some(Family::T5) => Frame::closed_by(token(SpecialRole::Eos)?).processor().into(),
        Some(Family::Pegasus | Family::Marian) => {
            let suffix = vec![token(SpecialRole::Eos)?];
            Frame { suffix, ..Frame::default() }.processor().into()
        }
        Some(Family::XlmRoberta) => {
            let (bos, eos) = (token(SpecialRole::Bos)?, token(SpecialRole::Eos)?);
            let between = vec![eos.clone(), eos.clone()];
            let frame = Frame { prefix: vec![bos], between, suffix: vec![eos], second_segment: 0 };
            frame.processor().into()
        }
        Some(Family::Roberta) => {
            let (sep, cls) = (token(SpecialRole::Sep)?, token(SpecialRole::Cls)?);
            let add_prefix_space = directory.config.add_prefix_space.unwrap_or(false);
            RobertaProcessing::new(sep, cls).add_prefix_space(add_prefix_space).into()
        }
        Some(family @ (Family::Gpt2 | Family::Qwen2 | Family::Llama)) => {
            let add_bos = directory.config.add_bos_token.unwrap_or(family == Family::Llama);
            let add_eos = directory.config.add_eos_token.unwrap_or(false);
            let optional = |add: bool, role| {
                if add { token(role).map(|token| vec![token]) } else { Ok(Vec::new()) }
            };
            let prefix = optional(add_bos, SpecialRole::Bos)?;
            let suffix = optional(add_eos, SpecialRole::Eos)?;
            let between = [&suffix[..], &prefix].concat();
            if prefix.is_empty() && suffix.is_empty() {
                ByteLevel::default().trim_offsets(false).into()
            } else {
                Frame { prefix, between, suffix, second_segment: 1 }.processor().into()
            }
        }
        // Around these stand the codes of languages.
        Some(Family::MBart | Family::MBart50 | Family::Nllb | Family::M2m100) | None => {
            return Ok(());
        }
    };
    pipeline.with_post_processor(Some(processor));
    Ok(())
}
