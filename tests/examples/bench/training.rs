//! Training steps.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use crosshead::blocks::NormOrder;
use crosshead::kernels::{Activation, LabelSmoothing, Mode, RandomKey, in_pool};
use crosshead::models::{
    CausalLmConfig, EncoderDecoderConfig, PositionKind, StackConfig, TokenBatch,
};
use crosshead::train::AdamConfig;
use crosshead::weights::parameters;

use crate::{Work, random_ids};

pub(crate) fn works() -> Vec<Work> {
    let step = |name, tokens: usize, start| Work {
        name,
        unit: "tokens",
        units: tokens as f64,
        counted: 12,
        start,
    };
    vec![step("train-step", 64 * 64, train_step), step("gpt-step", 16 * 256, gpt_step)]
}

/// One step of an encoder-decoder: d_model 256, d_ff 1024, 4 heads, 3+3 layers, vocabulary of 8000, batch 64 × (32+32)
/// tokens, dropout 0.1, label smoothing 0.1, Adam with clipping.
fn train_step() -> Box<dyn FnMut()> {
    let (batch, len, vocab_size) = (64, 32, 8000);
    let config = EncoderDecoderConfig {
        stack: StackConfig { d_model: 256, d_ff: 1024, n_heads: 4, ..StackConfig::default() },
        n_encoder_layers: 3,
        n_decoder_layers: 3,
        ..EncoderDecoderConfig::new(vocab_size)
    };
    let ids = |name| random_ids(name, batch * len, vocab_size);
    let (source, target, lengths) = (ids("source"), ids("target"), vec![len; batch]);
    steps(config.init(1, &Device::flex().autodiff()), move |model, mode| {
        let input = |ids| TokenBatch { ids, lengths: &lengths };
        let smoothing = LabelSmoothing::AllClasses(0.1);
        let loss = model.loss(input(&source), input(&target), &target, smoothing, mode);
        loss / (batch * len) as f64
    })
}

/// One step of a GPT: 6 layers, d_model 384, 6 heads, context of 256, batch 16, vocabulary of 65, no dropout, Adam with
/// clipping.
fn gpt_step() -> Box<dyn FnMut()> {
    let (batch, len, vocab_size) = (16, 256, 65);
    let config = CausalLmConfig {
        vocab_size,
        stack: StackConfig {
            d_model: 384,
            d_ff: 1536,
            n_heads: 6,
            positions: PositionKind::Learned { offset: 0 },
            max_len: len,
            norm_order: NormOrder::Pre,
            scale_embedding: false,
            activation: Activation::GeluTanh,
            dropout: 0.0,
            ..StackConfig::default()
        },
        n_layers: 6,
        tied_output: true,
        bos_id: None,
        eos_id: None,
        pad_id: None,
    };
    let ids = |name| random_ids(name, batch * len, vocab_size);
    let (text, targets, lengths) = (ids("text"), ids("targets"), vec![len; batch]);
    steps(config.init(1, &Device::flex().autodiff()), move |model, mode| {
        let tokens = TokenBatch { ids: &text, lengths: &lengths };
        model.loss(tokens, &targets, LabelSmoothing::None, mode) / (batch * len) as f64
    })
}

/// Adam steps on a loss.
fn steps<M: Module + 'static>(
    model: M,
    loss: impl Fn(&M, Mode) -> Tensor<1> + Sync + 'static,
) -> Box<dyn FnMut()> {
    let (mut model, mut adam) = (Some(model), AdamConfig::new().init());
    Box::new(move || {
        let current = model.take().expect("the optimizer returns the model");
        let mode = Mode::Train(RandomKey::new(1).at_step(adam.steps() + 1));
        let stepped = in_pool(|| {
            let mut gradients = loss(&current, mode).backward();
            let gradients = parameters::take_gradients(&current, &mut gradients);
            adam.step(current, gradients, 1e-4).0
        });
        model = Some(stepped);
    })
}
