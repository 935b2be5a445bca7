//! Batches equal those of an independent implementation (`fixtures/export.py`).

use crosshead_data::{Lengths, Order, drawn_batches, fixed_size_batches, token_budget_batches};
use serde_json::Value;

fn cases(kind: &str) -> Vec<Value> {
    let fixture: Value = serde_json::from_str(include_str!("../fixtures/batches.json")).unwrap();
    fixture[kind].as_array().unwrap().clone()
}

fn usize_of(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn usizes(values: &Value) -> Vec<usize> {
    values.as_array().unwrap().iter().map(usize_of).collect()
}

fn reference(case: &Value) -> Vec<Vec<usize>> {
    case["batches"].as_array().unwrap().iter().map(usizes).collect()
}

fn order(case: &Value) -> Order {
    match (case["seed"].as_u64(), case["epoch"].as_u64()) {
        (Some(seed), Some(epoch)) => Order::Shuffled { seed, epoch },
        _ => Order::Sorted,
    }
}

#[test]
fn token_budget_batches_match_the_reference() {
    for case in cases("tokens") {
        let lengths = case["lengths"].as_array().unwrap().iter().map(usizes);
        let lengths: Vec<Lengths> =
            lengths.map(|pair| Lengths { source: pair[0], target: pair[1] }).collect();
        let batches = token_budget_batches(&lengths, usize_of(&case["budget"]), order(&case));
        assert_eq!(batches, reference(&case), "{:?}", order(&case));
    }
}

#[test]
fn fixed_size_batches_match_the_reference() {
    for case in cases("examples") {
        let (examples, size) = (usize_of(&case["examples"]), usize_of(&case["size"]));
        assert_eq!(fixed_size_batches(examples, size, order(&case)), reference(&case));
    }
}

#[test]
fn draws_match_the_reference() {
    for case in cases("draws") {
        let (bound, size) = (usize_of(&case["bound"]), usize_of(&case["size"]));
        let reference = reference(&case);
        let (seed, epoch) = (case["seed"].as_u64().unwrap(), case["epoch"].as_u64().unwrap());
        assert_eq!(drawn_batches(bound, size, reference.len(), seed, epoch), reference);
    }
}
