//! The training loop: loss, schedule, optimizer step, exact resume, checkpoints, log
