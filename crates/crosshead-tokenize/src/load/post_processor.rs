//! The post-processors of the families, which add special tokens to texts.

use tokenizers::PostProcessorWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::roberta::RobertaProcessing;

use super::directory::Directory;
use crate::family::Family;
use crate::pipeline::Pipeline;
use crate::template::{SpecialToken, TokenTemplate};
use crate::{SpecialRole, TokenizeError};

/// Sets the post-processor for the directory's family.
pub(super) fn set(directory: &Directory, pipeline: &mut Pipeline) -> Result<(), TokenizeError> {
    let token = |role| -> Result<SpecialToken, TokenizeError> {
        let text = directory.required(role)?;
        let id = pipeline.token_to_id(&text);
        id.map(|id| (text, id)).ok_or(TokenizeError::MissingSpecialToken { role })
    };
    let processor: PostProcessorWrapper = match directory.family {
        Some(Family::Bert | Family::Albert) => {
            TokenTemplate::bert(token(SpecialRole::Cls)?, token(SpecialRole::Sep)?)
                .processor()
                .into()
        }
        Some(Family::T5) => TokenTemplate::with_end(token(SpecialRole::Eos)?).processor().into(),
        Some(Family::Pegasus | Family::Marian) => {
            let suffix = vec![token(SpecialRole::Eos)?];
            TokenTemplate { suffix, ..TokenTemplate::default() }.processor().into()
        }
        Some(Family::XlmRoberta) => {
            let (bos, eos) = (token(SpecialRole::Bos)?, token(SpecialRole::Eos)?);
            let between = vec![eos.clone(), eos.clone()];
            let (prefix, suffix) = (vec![bos], vec![eos]);
            TokenTemplate { prefix, between, suffix, second_segment: 0 }.processor().into()
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
                TokenTemplate { prefix, between, suffix, second_segment: 1 }.processor().into()
            }
        }
        // These use language codes instead.
        Some(Family::MBart | Family::MBart50 | Family::Nllb | Family::M2m100) | None => {
            return Ok(());
        }
    };
    pipeline.with_post_processor(Some(processor));
    Ok(())
}
