//! int8 matrices in files: round trips, and errors for invalid files.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use burn::tensor::TensorData;
use crosshead_weights::{Dtype, Int8Matrix, ScaleAxis, TensorSource, write_int8_tensors};
use safetensors::tensor::TensorView;
use tempfile::tempdir;

const VALUES: [f32; 6] = [1.0, -4.0, 2.0, 0.5, 0.25, -1.0];

#[test]
fn matrices_with_scales_per_row_or_column_round_trip() {
    let dir = tempdir().unwrap();
    for (axis, scales) in [
        (ScaleAxis::Rows, vec![4.0 / 127.0, 1.0 / 127.0]),
        (ScaleAxis::Columns, vec![1.0 / 127.0, 4.0 / 127.0, 2.0 / 127.0]),
    ] {
        let matrix = Int8Matrix::quantize(&VALUES, [2, 3], axis);
        let mut tensors: BTreeMap<String, TensorData> = matrix.into_tensors("w").into();
        tensors.insert("bias".to_owned(), TensorData::from([1.0_f32, 2.0]));
        write_int8_tensors(&dir.path().join("model.safetensors"), &tensors).unwrap();

        let source = TensorSource::open(dir.path()).unwrap();
        assert_eq!(source.names().collect::<Vec<_>>(), ["bias", "w"]);
        assert_eq!((source.dtype("w"), source.first_int8()), (Some(Dtype::I8), Some("w")));
        let found = source.read_int8("w").unwrap().unwrap();
        assert_eq!((found.axis, &found.scales), (axis, &scales));
        for (found, expected) in source.read("w").unwrap().iter::<f32>().zip(VALUES) {
            assert!((found - expected).abs() <= 2.0 / 127.0, "{found}, not {expected}");
        }
        let weight = match axis {
            ScaleAxis::Rows => found.into_weight(),
            ScaleAxis::Columns => found.columns(1..3),
        };
        let weight = weight.unwrap();
        let (expected, shape) = match axis {
            ScaleAxis::Rows => (vec![32, -127, 64, 64, 32, -127], [2, 3]),
            ScaleAxis::Columns => (vec![-127, 8, 127, -64], [2, 2]),
        };
        let values: Vec<i8> = weight.values.iter().map(|&byte| byte as i8).collect();
        assert_eq!((values, weight.shape), (expected, shape));
        assert!(source.read_int8("bias").unwrap().is_none());
    }
}

/// Writes a file with a tensor `w` of signed bytes and, optionally, `w_scale`.
fn write(dir: &Path, shape: &[usize], scales: Option<(&[usize], &[f32])>, version: &str) {
    let values = vec![1; shape.iter().product()];
    let bytes: Vec<u8> =
        scales.iter().flat_map(|(_, v)| v.iter()).flat_map(|v| v.to_le_bytes()).collect();
    let mut views = vec![("w", TensorView::new(Dtype::I8, shape.to_vec(), &values).unwrap())];
    if let Some((shape, _)) = scales {
        views.push(("w_scale", TensorView::new(Dtype::F32, shape.to_vec(), &bytes).unwrap()));
    }
    let metadata = HashMap::from([("crosshead.int8".to_owned(), version.to_owned())]);
    let file = safetensors::serialize(views, Some(metadata)).unwrap();
    fs::write(dir.join("model.safetensors"), file).unwrap();
}

/// The shape and the values of the scales.
type Scales = (&'static [usize], &'static [f32]);

#[test]
fn errors_name_the_invalid_tensor() {
    let dir = tempdir().unwrap();
    let cases: [(&[usize], Option<Scales>, &[&str]); 6] = [
        (&[2, 3], None, &["tensor `w`", "no tensor `w_scale`"]),
        (&[6], Some((&[6, 1], &[1.0; 6])), &["tensor `w`", "shape [6]", "matrices"]),
        (&[2, 3], Some((&[3, 1], &[1.0; 3])), &["tensor `w_scale`", "[3, 1]", "[2, 1] or [1, 3]"]),
        (&[2, 3], Some((&[2], &[1.0; 2])), &["tensor `w_scale`", "[2]", "[2, 1] or [1, 3]"]),
        (&[2, 3], Some((&[2, 1], &[1.0, f32::NAN])), &["tensor `w_scale`", "element 1 is NaN"]),
        (&[2, 3], Some((&[2, 1], &[-1.0, 1.0])), &["tensor `w_scale`", "element 0 is -1"]),
    ];
    for (shape, scales, said) in cases {
        write(dir.path(), shape, scales, "1");
        let source = TensorSource::open(dir.path()).unwrap();
        let message = source.read("w").unwrap_err().to_string();
        for said in [said, &["model.safetensors"]].concat() {
            assert!(message.contains(said), "{message} does not say {said}");
        }
    }
    write(dir.path(), &[2, 3], Some((&[2, 1], &[1.0; 2])), "2");
    let message = TensorSource::open(dir.path()).unwrap_err().to_string();
    assert!(message.contains("version 2") && message.contains("model.safetensors"), "{message}");
}
