//! Causality: which positions an output may depend on.

use burn::tensor::Tensor;

use crate::compare::{Bound, compare_where};
use crate::{CheckError, Sequence};

/// Checks that masked self-attention attends only to earlier positions (Vaswani et al. 2017, section 3.2.3): replacing the content from
/// position p on does not change the outputs before p, for every p.
///
/// # Shapes
/// - output of `f`: `[batch, seq, features]`
///
/// # Errors
/// If an output changes by more than tolerance · (1 + |output|).
pub fn future_tokens_do_not_change_past_outputs<X: Sequence>(
    f: impl Fn(X) -> Tensor<3>,
    x: X,
    tolerance: f32,
) -> Result<(), CheckError> {
    let [_, seq] = x.size();
    if seq < 2 {
        return Err(CheckError::vacuous("a sequence of one position has no future"));
    }
    let expected = f(x.clone());
    for other in x.others() {
        for first in 1..seq {
            let changed = x.replace_where(&other, |_, position| position >= first);
            let context = format!("with other content from position {first} on");
            let past = |index: &[usize]| index[1] < first;
            compare_where(context, &f(changed), &expected, Bound::new(tolerance), past)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bricks::attend;
    use crate::{Finding, random};
    use burn::tensor::{Device, Int};

    #[test]
    fn causal_attention_passes() {
        let x = random([2, 5, 4], 1, &Device::flex());
        let causal = |x| attend(x, |_, query, key| key <= query);
        future_tokens_do_not_change_past_outputs(causal, x, 1e-6).unwrap();
    }

    #[test]
    fn a_mask_off_by_one_is_found() {
        let x = random([2, 5, 4], 1, &Device::flex());
        let off_by_one = |x| attend(x, |_, query, key| key <= query + 1);
        let error = future_tokens_do_not_change_past_outputs(off_by_one, x, 1e-6).unwrap_err();
        assert!(error.to_string().starts_with("with other content from position 1 on"), "{error}");
        assert!(matches!(error.finding(), Finding::Value { index, .. } if index[1] == 0));
    }

    #[test]
    fn a_look_ahead_over_token_ids_is_found() {
        let ids = Tensor::<2, Int>::from_data([[3, 1, 4, 1], [5, 9, 2, 6]], &Device::flex());
        let embed = |ids: Tensor<2, Int>| ids.float().unsqueeze_dim::<3>(2);
        future_tokens_do_not_change_past_outputs(embed, ids.clone(), 0.0).unwrap();
        let ahead = |ids| embed(ids).flip([1]);
        assert!(future_tokens_do_not_change_past_outputs(ahead, ids, 0.0).is_err());
    }

    #[test]
    fn one_position_shows_nothing() {
        let x = random([2, 1, 4], 1, &Device::flex());
        let error = future_tokens_do_not_change_past_outputs(|x| x, x, 0.0).unwrap_err();
        assert!(matches!(error.finding(), Finding::Vacuous(_)));
    }
}
