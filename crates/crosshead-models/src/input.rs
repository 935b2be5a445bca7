//! The input of a stack: positions, norm, dropout and projection of the embeddings.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use crosshead_blocks::Norm;
use crosshead_kernels::{Linear, LinearConfig, Mode, RandomKey, dropout, linears};
use crosshead_position::Positions;

use crate::StackConfig;

/// The input of a stack: projection(dropout(norm(embeddings + positions))). Positions, norm and projection are optional
/// (Vaswani et al. 2017, sections 3.5 and 5.4; Devlin et al. 2019).
#[derive(Module, Debug)]
pub struct InputLayer {
    /// Positions, which are added to the embeddings.
    pub positions: Option<Positions>,
    /// The norm of the sum.
    pub norm: Option<Norm>,
    /// Projects `d_embedding` features to `d_model` (Lan et al. 2020, section 3.1).
    pub projection: Option<Linear>,
    #[module(skip)]
    dropout: f32,
}

linears!(InputLayer { projection });

/// The positions of the tokens in each row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowPositions<'a> {
    /// The column of the first token.
    pub(crate) start: usize,
    /// The number of padding columns on the left of each row; empty for no padding.
    pub(crate) padding: &'a [usize],
}

impl RowPositions<'_> {
    /// Rows that start at position 0.
    pub(crate) const FROM_ZERO: Self = Self { start: 0, padding: &[] };
}

impl InputLayer {
    pub(crate) fn new(config: &StackConfig, device: &Device) -> Self {
        Self::factorized(config, None, device)
    }

    /// An input for embeddings with `d_embedding` features; `d_model` if `None`.
    pub(crate) fn factorized(
        config: &StackConfig,
        d_embedding: Option<usize>,
        device: &Device,
    ) -> Self {
        let features = d_embedding.unwrap_or(config.d_model);
        Self {
            positions: config.absolute_positions(features, device),
            norm: config
                .embedding_norm
                .then(|| config.norm.init(features, config.norm_epsilon, device)),
            projection: d_embedding.map(|d_embedding| {
                let key = RandomKey::new(0).stream("input.projection");
                LinearConfig::new(d_embedding, config.d_model).with_key(key).init(device)
            }),
            dropout: config.embedding_dropout(),
        }
    }

    /// The input of the first layer.
    ///
    /// # Shapes
    /// - `embeddings`: `[batch, len, d_embedding]`
    /// - output: `[batch, len, d_model]`
    ///
    /// # Panics
    /// If a position is beyond a learned table.
    pub(crate) fn forward(
        &self,
        embeddings: Tensor<3>,
        at: RowPositions<'_>,
        mode: Mode,
    ) -> Tensor<3> {
        let [batch, len, features] = embeddings.dims();
        let device = embeddings.device();
        let x = match &self.positions {
            Some(positions) if at.padding.iter().all(|&padding| padding == 0) => {
                embeddings + positions.forward(at.start, len, &device).unsqueeze()
            }
            Some(positions) => {
                let columns = at.start..at.start + len;
                let of_row = |&padding: &usize| {
                    columns.clone().map(move |column| column.saturating_sub(padding))
                };
                let positions_of_rows: Vec<usize> = at.padding.iter().flat_map(of_row).collect();
                embeddings
                    + positions
                        .forward_at(&positions_of_rows, &device)
                        .reshape([batch, len, features])
            }
            None => embeddings,
        };
        let x = match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        };
        let x = dropout(x, self.dropout, mode.stream("embedding"));
        match &self.projection {
            Some(projection) => {
                let rows = projection
                    .forward(x.reshape([batch * len, features]), mode.stream("projection"));
                let [_, d_model] = rows.dims();
                rows.reshape([batch, len, d_model])
            }
            None => x,
        }
    }
}
