//! Attention maps and word alignments of an encoder-decoder.

use crosshead_kernels::Mode;
use crosshead_models::{AttentionKind, TokenBatch};
use crosshead_tokenize::{SpannedEncoding, SpannedText, TokenSpan, TokenizeError, pad_batch};

use super::TextToText;
use crate::alignment::{Alignment, AlignmentLayer};
use crate::attention::{AttentionMap, AttentionMaps, Axes, Axis, checked, layers};
use crate::{TaskError, TextHooks};

/// A target as the decoder writes it.
struct Target {
    text: String,
    ids: Vec<u32>,
    spans: Vec<Option<TokenSpan>>,
}

impl Target {
    /// The input of the decoder: the target shifted right, after the start token.
    fn input(&self, start_id: u32) -> Vec<u32> {
        shifted(start_id, &self.ids)
    }
}

/// A sequence shifted right by one, without its last element.
fn shifted<T: Clone>(first: T, items: &[T]) -> Vec<T> {
    std::iter::once(first).chain(items.iter().cloned()).take(items.len()).collect()
}

impl TextToText {
    /// The attention in a source and a target: the given one, or the one that the model writes.
    pub(crate) fn attention(
        &self,
        source: &str,
        target: Option<&str>,
    ) -> Result<AttentionMaps, TaskError> {
        let SpannedEncoding { ids, spans, truncated, .. } = self.encode_with_spans(source)?;
        let (target_ids, target_truncated) = match target {
            Some(target) => {
                let max_len = self.model.config().stack.max_len;
                let encoding = self.tokenizer.encode_target_truncated(target, max_len)?;
                (encoding.ids, encoding.truncated)
            }
            None => (self.own_target(&ids)?, false),
        };
        let written = self.target(target_ids)?;
        let start_id = self.start_id();
        let input = written.input(start_id);
        let (lengths, input_lengths) = ([ids.len()], [input.len()]);
        let weights = self.model.attention(
            checked(source, &ids, &lengths)?,
            checked(&written.text, &input, &input_lengths)?,
        );
        let prefixed = format!("{}{source}", self.prefix);
        let source = Axis::new(&self.tokenizer, vec![prefixed.clone()], &ids, &spans);
        let texts = vec![written.text.clone()];
        let target = Axis::new(&self.tokenizer, texts.clone(), &written.ids, &written.spans);
        let seen = Axis::new(&self.tokenizer, texts, &input, &shifted(None, &written.spans));
        let axes = vec![
            Axes { kind: AttentionKind::Encoder, queries: source.clone(), keys: source.clone() },
            Axes { kind: AttentionKind::Decoder, queries: target.clone(), keys: seen },
            Axes { kind: AttentionKind::Cross, queries: target, keys: source },
        ];
        Ok(AttentionMaps {
            source: prefixed,
            target: Some(written.text),
            truncated: truncated || target_truncated,
            layers: layers(&weights, axes),
        })
    }

    /// The alignment of each text with what the model wrote for it, by a second pass of the model over both.
    pub(super) fn align(
        &self,
        layer: AlignmentLayer,
        texts: &[&str],
        written: Vec<Vec<u32>>,
    ) -> Result<Vec<Alignment>, TaskError> {
        let sources: Result<Vec<SpannedEncoding>, TokenizeError> =
            texts.iter().map(|text| self.encode_with_spans(text)).collect();
        let (sources, start_id) = (sources?, self.start_id());
        let targets: Result<Vec<Target>, TaskError> =
            written.into_iter().map(|ids| self.target(ids)).collect();
        let targets = targets?;
        let pad_id = self.model.config().pad_id;
        let ids: Vec<Vec<u32>> = sources.iter().map(|source| source.ids.clone()).collect();
        let inputs: Vec<Vec<u32>> = targets.iter().map(|target| target.input(start_id)).collect();
        let (source, input) = (pad_batch(&ids, pad_id), pad_batch(&inputs, pad_id));
        if source.seq == 0 || input.seq == 0 {
            return Ok(vec![Alignment::default(); texts.len()]);
        }
        let tokens = TokenBatch { ids: &source.ids, lengths: &source.lengths };
        let memory = self.model.encode(tokens, Mode::Eval);
        let tokens = TokenBatch { ids: &input.ids, lengths: &input.lengths };
        let (_, attention) = self.model.decode_with_attention(tokens, &memory);
        let layers = attention.cross_attn;
        let index = self.alignment_index(layer)?;
        let weights = layers[index].clone().mean_dim(1).into_data(); // [batch, 1, tgt_len, src_len]
        let weights: Vec<f32> = weights.iter().collect();
        let rows = weights.chunks(input.seq * source.seq);
        let aligned = sources.into_iter().zip(targets).zip(texts).zip(rows);
        Ok(aligned
            .map(|(((source_row, target), text), row)| {
                let rows = row.chunks(source.seq).take(target.ids.len());
                let weights = rows.map(|row| row[..source_row.ids.len()].to_vec()).collect();
                let texts = vec![format!("{}{text}", self.prefix)];
                let keys = Axis::new(&self.tokenizer, texts, &source_row.ids, &source_row.spans);
                let texts = vec![target.text];
                let queries = Axis::new(&self.tokenizer, texts, &target.ids, &target.spans);
                Alignment::new(&AttentionMap { queries, keys, weights }, self.prefix.len())
            })
            .collect())
    }

    /// The index of an alignment layer.
    pub(super) fn alignment_index(&self, layer: AlignmentLayer) -> Result<usize, TaskError> {
        let n_layers = self.model.decoder.layers.len();
        match layer {
            AlignmentLayer::SecondToLast => Ok(n_layers.saturating_sub(2)),
            AlignmentLayer::Last => Ok(n_layers.saturating_sub(1)),
            AlignmentLayer::Index(layer) if layer < n_layers => Ok(layer),
            AlignmentLayer::Index(layer) => {
                Err(TaskError::NoAttentionLayer { kind: AttentionKind::Cross, layer, n_layers })
            }
        }
    }

    /// The source ids, including special tokens, with their parts of the text after the prefix.
    fn encode_with_spans(&self, text: &str) -> Result<SpannedEncoding, TokenizeError> {
        let text = format!("{}{text}", self.prefix);
        self.tokenizer.encode_with_spans(&text, self.model.config().stack.max_len)
    }

    /// A target with these ids.
    fn target(&self, ids: Vec<u32>) -> Result<Target, TaskError> {
        let SpannedText { text, ranges } = self.tokenizer.decode_with_spans(&ids)?;
        let span = |range| TokenSpan { text: 0, range };
        let spans = ranges.into_iter().map(|range| range.map(span)).collect();
        Ok(Target { text, ids, spans })
    }

    /// The ids that the model writes for a source.
    fn own_target(&self, source: &[u32]) -> Result<Vec<u32>, TaskError> {
        let rows = [source.to_vec()];
        let written = self.write_batch(&rows, &[0], &mut TextHooks::none())?;
        Ok(written.best_ids().pop().unwrap_or_default())
    }
}
