//! The names of weights in Hugging Face checkpoints.

/// Our name of a part, and the family's.
type Rename = (&'static str, &'static str);

/// The parts of BART and its relatives (Marian, Pegasus), whose layers share their names.
const BART: &[Rename] = &[
    ("embedding", "model.shared.weight"),
    ("logits_bias", "final_logits_bias"),
    ("encoder", "model.encoder"),
    ("decoder", "model.decoder"),
    ("self_attn_norm", "self_attn_layer_norm"),
    ("cross_attn", "encoder_attn"),
    ("cross_attn_norm", "encoder_attn_layer_norm"),
    ("feed_forward.up", "fc1"),
    ("feed_forward.down", "fc2"),
    ("feed_forward_norm", "final_layer_norm"),
    ("final_norm", "layer_norm"),
];

/// The name in a Marian or Pegasus checkpoint of the parameter at `path`.
pub fn bart(path: &str) -> String {
    let mut rest: Vec<&str> = path.split('.').collect();
    let mut name = Vec::new();
    while !rest.is_empty() {
        // The longest part that has another name there; any other segment keeps its own.
        let found = BART
            .iter()
            .filter(|(ours, _)| starts_with(&rest, ours))
            .max_by_key(|(ours, _)| ours.len());
        match found {
            Some((ours, theirs)) => {
                name.push(*theirs);
                rest.drain(..ours.split('.').count());
            }
            None => name.push(rest.remove(0)),
        }
    }
    name.join(".")
}

fn starts_with(segments: &[&str], part: &str) -> bool {
    let part: Vec<&str> = part.split('.').collect();
    segments.starts_with(&part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_take_the_names_of_the_checkpoint() {
        let cases = [
            ("embedding", "model.shared.weight"),
            (
                "encoder.layers.3.self_attn.q_proj.weight",
                "model.encoder.layers.3.self_attn.q_proj.weight",
            ),
            (
                "decoder.layers.0.cross_attn.out_proj.bias",
                "model.decoder.layers.0.encoder_attn.out_proj.bias",
            ),
            ("decoder.layers.0.feed_forward.up.weight", "model.decoder.layers.0.fc1.weight"),
            (
                "decoder.layers.0.feed_forward_norm.bias",
                "model.decoder.layers.0.final_layer_norm.bias",
            ),
            ("encoder.final_norm.weight", "model.encoder.layer_norm.weight"),
        ];
        for (ours, theirs) in cases {
            assert_eq!(bart(ours), theirs);
        }
    }
}
