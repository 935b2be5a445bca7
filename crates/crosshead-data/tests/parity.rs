//! The same batches as an independent implementation; `fixtures/export.py` made the reference.

use crosshead_data::{Order, token_budget_batches};
use serde_json::Value;

fn usizes(values: &Value) -> Vec<usize> {
    values.as_array().unwrap().iter().map(|value| value.as_u64().unwrap() as usize).collect()
}

#[test]
fn batches_are_those_of_the_reference() {
    let cases: Value = serde_json::from_str(include_str!("../fixtures/batches.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let lengths =
            case["lengths"].as_array().unwrap().iter().map(usizes).map(|pair| (pair[0], pair[1]));
        let lengths: Vec<(usize, usize)> = lengths.collect();
        let order = match (case["seed"].as_u64(), case["epoch"].as_u64()) {
            (Some(seed), Some(epoch)) => Order::Shuffled { seed, epoch },
            _ => Order::Sorted,
        };
        let reference: Vec<Vec<usize>> =
            case["batches"].as_array().unwrap().iter().map(usizes).collect();
        let budget = case["budget"].as_u64().unwrap() as usize;
        assert_eq!(token_budget_batches(&lengths, budget, order), reference, "{order:?}");
    }
}
