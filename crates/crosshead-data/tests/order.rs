//! Properties of batches and their order, for any lengths.

use std::sync::Arc;

use crosshead_data::{
    BatchPosition, BatchSize, BatchStream, Batching, EpochLengths, Lengths, Order, drawn_batches,
    fixed_size_batches, token_budget_batches,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn lengths() -> impl Strategy<Value = Vec<Lengths>> {
    let lengths = (1_usize..40, 1_usize..40);
    vec(lengths.prop_map(|(source, target)| Lengths { source, target }), 1..120)
}

fn order() -> impl Strategy<Value = Order> {
    let shuffled = any::<(u64, u64)>().prop_map(|(seed, epoch)| Order::Shuffled { seed, epoch });
    prop_oneof![1 => Just(Order::Sorted), 4 => shuffled]
}

fn shuffled(lengths: &[Lengths], seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    token_budget_batches(lengths, 200, Order::Shuffled { seed, epoch })
}

fn stream(lengths: Vec<Lengths>, seed: u64) -> BatchStream {
    BatchStream::new(Batching::Tokens { lengths, budget: 200 }, seed)
}

fn any_batching() -> impl Strategy<Value = Batching> {
    prop_oneof![
        lengths().prop_map(|lengths| Batching::Tokens { lengths, budget: 200 }),
        (1_usize..60, 0_usize..9)
            .prop_map(|(examples, size)| Batching::Examples { examples, size }),
        (1_usize..60, 0_usize..9, 1_usize..20).prop_map(|(bound, size, batches)| Batching::Draws {
            bound,
            size,
            batches
        }),
        lengths().prop_map(|lengths| Batching::Varying {
            lengths: Arc::new(Growing(lengths)),
            size: BatchSize::Tokens(200)
        }),
    ]
}

/// Examples that are longer in later epochs.
#[derive(Debug)]
struct Growing(Vec<Lengths>);

impl EpochLengths for Growing {
    fn lengths(&self, epoch: u64) -> Vec<Lengths> {
        let grown = |lengths: &Lengths| Lengths {
            source: lengths.source + (epoch % 9) as usize,
            ..*lengths
        };
        self.0.iter().map(grown).collect()
    }
}

fn many() -> Vec<Lengths> {
    (0..300).map(|index| Lengths { source: 1 + index % 7, target: 1 + index % 11 }).collect()
}

proptest! {
    #[test]
    fn every_example_is_in_exactly_one_batch(lengths in lengths(), budget in 0_usize..400, order in order()) {
        let mut seen = token_budget_batches(&lengths, budget, order).concat();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
    }

    #[test]
    fn a_batch_over_the_budget_is_a_single_example(lengths in lengths(), budget in 0_usize..400, order in order()) {
        for batch in token_budget_batches(&lengths, budget, order) {
            let src_len = batch.iter().map(|&index| lengths[index].source).max().unwrap();
            let tgt_len = batch.iter().map(|&index| lengths[index].target).max().unwrap();
            prop_assert!(batch.len() == 1 || (src_len + tgt_len) * batch.len() <= budget);
        }
    }

    #[test]
    fn epochs_have_the_same_number_of_batches(lengths in lengths(), budget in 0_usize..400, order in order()) {
        let sorted = token_budget_batches(&lengths, budget, Order::Sorted);
        prop_assert_eq!(token_budget_batches(&lengths, budget, order).len(), sorted.len());
    }

    #[test]
    fn sorted_batches_go_from_short_to_long_targets(lengths in lengths(), budget in 0_usize..400) {
        let order = token_budget_batches(&lengths, budget, Order::Sorted).concat();
        prop_assert!(order.is_sorted_by_key(|&index| (lengths[index].target, lengths[index].source, index)));
    }

    #[test]
    fn a_resumed_stream_is_the_tail_of_the_complete_stream(batching in any_batching(), seed in any::<u64>(), start in 0_usize..60) {
        let stream = BatchStream::new(batching, seed);
        let complete: Vec<_> = stream.clone().take(start + 40).collect();
        let resumed: Vec<_> = stream.clone().seek(complete[start].0).take(40).collect();
        prop_assert_eq!(&complete[start..], &resumed[..]);

        let mut stopped = stream.clone();
        stopped.by_ref().take(start).for_each(drop);
        let resumed: Vec<_> = stream.seek(stopped.position()).take(40).collect();
        prop_assert_eq!(&complete[start..], &resumed[..]);
    }

    #[test]
    fn fixed_size_batches_contain_every_example_once(
        examples in 0_usize..80, size in 1_usize..9, order in order(),
    ) {
        let batches = fixed_size_batches(examples, size, order);
        prop_assert!(batches.iter().rev().skip(1).all(|batch| batch.len() == size));
        prop_assert!(batches.iter().all(|batch| (1..=size).contains(&batch.len())));
        let mut seen = batches.concat();
        if order == Order::Sorted {
            prop_assert!(seen.is_sorted());
        }
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..examples).collect::<Vec<_>>());
    }

    #[test]
    fn drawn_batches_are_full_and_below_their_bound(
        bound in 1_usize..80, size in 1_usize..9, batches in 0_usize..9, seed in any::<u64>(), epoch in any::<u64>(),
    ) {
        let drawn = drawn_batches(bound, size, batches, seed, epoch);
        prop_assert_eq!(drawn.len(), batches);
        prop_assert!(drawn.iter().all(|batch| batch.len() == size));
        prop_assert!(drawn.concat().iter().all(|&index| index < bound));
    }

    #[test]
    fn a_stream_is_its_epochs_one_after_another(lengths in lengths(), seed in any::<u64>()) {
        let mut stream = stream(lengths.clone(), seed);
        for epoch in 0..3 {
            for (batch, indices) in shuffled(&lengths, seed, epoch).into_iter().enumerate() {
                prop_assert_eq!(stream.next(), Some((BatchPosition { epoch, batch }, indices)));
            }
        }
    }
}

#[test]
fn the_order_depends_only_on_seed_and_epoch() {
    let lengths = many();
    assert_eq!(shuffled(&lengths, 1, 0), shuffled(&lengths, 1, 0));
    assert_ne!(shuffled(&lengths, 1, 0), shuffled(&lengths, 2, 0));
    assert_ne!(shuffled(&lengths, 1, 0), shuffled(&lengths, 1, 1));
    assert_ne!(shuffled(&lengths, 1, 0), shuffled(&lengths, 0, 1));
}

#[test]
fn examples_of_equal_lengths_are_regrouped_every_epoch() {
    let sets = |epoch| {
        let mut batches = shuffled(&[Lengths { source: 5, target: 5 }; 100], 1, epoch);
        batches.iter_mut().for_each(|batch| batch.sort_unstable());
        batches.sort();
        batches
    };
    assert_ne!(sets(0), sets(1));
}

#[test]
fn shuffled_batches_do_not_go_from_short_to_long() {
    let lengths = many();
    let longest = |batch: &Vec<usize>| batch.iter().map(|&index| lengths[index].target).max();
    assert!(!shuffled(&lengths, 1, 0).iter().is_sorted_by_key(longest));
}

#[test]
fn the_batches_of_varying_examples_hold_the_budget_of_their_epoch() {
    let examples = Arc::new(Growing(many()));
    let size = BatchSize::Tokens(200);
    let stream = BatchStream::new(Batching::Varying { lengths: examples.clone(), size }, 3);
    let mut seen = vec![Vec::new(); 3];
    for (BatchPosition { epoch, .. }, batch) in stream.take_while(|(at, _)| at.epoch < 3) {
        let lengths = examples.lengths(epoch);
        let numbers: Vec<usize> =
            batch.iter().map(|index| index - epoch as usize * lengths.len()).collect();
        let longest = |side: fn(&Lengths) -> usize| {
            numbers.iter().map(|&number| side(&lengths[number])).max().unwrap()
        };
        let padded = longest(|lengths| lengths.source) + longest(|lengths| lengths.target);
        assert!(padded * batch.len() <= 200, "{padded} · {}", batch.len());
        seen[epoch as usize].extend(numbers);
    }
    for mut seen in seen {
        seen.sort_unstable();
        assert_eq!(seen, (0..many().len()).collect::<Vec<_>>());
    }
}

#[test]
fn draws_are_about_uniform() {
    let mut counts = [0_u32; 10];
    for epoch in 0..10 {
        drawn_batches(10, 20, 50, 3, epoch).concat().iter().for_each(|&index| counts[index] += 1);
    }
    // 1000 expected of each, with a standard deviation of 30.
    assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
}

#[test]
fn no_examples_give_no_batches() {
    assert!(token_budget_batches(&[], 100, Order::Sorted).is_empty());
    assert_eq!(stream(Vec::new(), 1).next(), None);
    let nothing = [
        Batching::Examples { examples: 0, size: 4 },
        Batching::Draws { bound: 0, size: 4, batches: 3 },
        Batching::Draws { bound: 5, size: 4, batches: 0 },
    ];
    for batching in nothing {
        assert_eq!(BatchStream::new(batching, 1).next(), None);
    }
}

#[test]
fn a_position_past_an_epoch_is_the_start_of_the_next() {
    let stream = stream(many(), 1);
    let start_of_5 = stream.clone().seek(BatchPosition { epoch: 5, batch: 0 }).next();
    assert_eq!(stream.seek(BatchPosition { epoch: 4, batch: usize::MAX }).next(), start_of_5);
}
