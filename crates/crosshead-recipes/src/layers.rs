//! The depth of parameters, for layer-wise learning rates.

/// The numbers of layers of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layers {
    encoder: usize,
    decoder: usize,
}

/// The place of a parameter among the layers.
enum Place {
    /// Before the first layer of a stack.
    Input,
    /// In a layer, counted from 0.
    Layer(usize),
    /// After the last layer.
    Head,
}

impl Layers {
    /// The layers of a model with these parameters.
    pub(crate) fn of(shapes: &[(String, Vec<usize>)]) -> Self {
        let count = |is_decoder: bool| {
            let layers = shapes.iter().filter(|(path, _)| is_in_decoder(path) == is_decoder);
            layers.filter_map(|(path, _)| layer(path)).map(|layer| layer + 1).max().unwrap_or(0)
        };
        Self { encoder: count(false), decoder: count(true) }
    }

    /// How far below the head a parameter is: 0 in the head, 1 in the last layer, and the number of layers plus 1 in the embeddings,
    /// as in BEiT (Bao et al. 2022). The layers of a decoder are above those of its encoder.
    pub(crate) fn below_head(self, path: &str) -> usize {
        let all = self.encoder + self.decoder;
        match place(path) {
            Place::Input => all + 1,
            Place::Layer(layer) if is_in_decoder(path) => self.decoder - layer,
            Place::Layer(layer) => all - layer,
            Place::Head => 0,
        }
    }
}

fn is_in_decoder(path: &str) -> bool {
    path.split('.').any(|part| part == "decoder")
}

/// The number of the layer that a path names.
fn layer(path: &str) -> Option<usize> {
    let mut parts = path.split('.');
    parts.find(|part| *part == "layers")?;
    parts.next()?.parse().ok()
}

fn place(path: &str) -> Place {
    const INPUTS: [&str; 5] =
        ["embedding", "token_types", "input", "encoder_input", "decoder_input"];
    match layer(path) {
        Some(layer) => Place::Layer(layer),
        None if path.split('.').any(|part| INPUTS.contains(&part)) => Place::Input,
        None => Place::Head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_the_decoder_are_above_those_of_the_encoder() {
        let paths = [
            ("embedding", 6),
            ("encoder_input.norm.weight", 6),
            ("encoder.layers.0.self_attn.q_proj.weight", 5),
            ("encoder.layers.1.feed_forward.up.bias", 4),
            ("decoder.layers.0.self_attn.q_proj.weight", 3),
            ("decoder.layers.2.cross_attn_norm.weight", 1),
            ("decoder.final_norm.weight", 0),
            ("output", 0),
        ];
        let shapes: Vec<_> = paths.iter().map(|(path, _)| ((*path).to_owned(), vec![1])).collect();
        let layers = Layers::of(&shapes);
        for (path, expected) in paths {
            assert_eq!(layers.below_head(path), expected, "{path}");
        }
    }

    #[test]
    fn a_classifier_is_its_own_head() {
        let paths = [
            ("encoder.embedding", 3),
            ("encoder.input.positions.weight", 3),
            ("encoder.encoder.layers.0.self_attn.q_proj.weight", 2),
            ("encoder.encoder.layers.1.self_attn.q_proj.weight", 1),
            ("classifier.weight", 0),
        ];
        let shapes: Vec<_> = paths.iter().map(|(path, _)| ((*path).to_owned(), vec![1])).collect();
        let layers = Layers::of(&shapes);
        for (path, expected) in paths {
            assert_eq!(layers.below_head(path), expected, "{path}");
        }
    }
}
