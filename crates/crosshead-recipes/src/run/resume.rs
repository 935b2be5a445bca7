//! The message for a run that is resumed with a different number of steps.

use crate::recipe::TrainSection;

/// How a different number of steps changes a run that has completed `step` steps; `None` if the number is the same.
pub(super) fn length_change(
    before: &TrainSection,
    now: &TrainSection,
    step: u64,
) -> Option<String> {
    if before.steps() == now.steps() {
        return None;
    }
    let change = format!("train.steps is {} and was {}", now.steps(), before.steps());
    if step >= now.steps() {
        return Some(format!("warning: {change}: {step} steps are done, so no steps are left"));
    }
    let next = step + 1;
    let rate = |section: &TrainSection| section.config().schedule().rate(next);
    let (old, new) = (rate(before), rate(now));
    Some(if old == new {
        format!("{change}: the learning rate of step {next} stays {new:.3e}")
    } else {
        format!(
            "warning: {change}: the learning rate of step {next} is {new:.3e} instead of {old:.3e}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::ScheduleKind;

    fn section(schedule: ScheduleKind, steps: u64) -> TrainSection {
        TrainSection { schedule, steps: Some(steps), warmup: Some(100), ..TrainSection::default() }
    }

    #[test]
    fn a_longer_cosine_schedule_reports_the_old_and_the_new_rate() {
        let [before, now] = [2000, 3000].map(|steps| section(ScheduleKind::Cosine, steps));
        let message = length_change(&before, &now, 2000).unwrap();
        // 1e-4 + 9e-4 · (1 + cos(π · 1901 / 2900)) / 2
        for part in ["warning", "3000 and was 2000", "step 2001 is 3.388e-4", "instead of 1.000e-4"]
        {
            assert!(message.contains(part), "{part}: {message}");
        }
    }

    #[test]
    fn schedules_without_an_end_continue_unchanged() {
        for schedule in [ScheduleKind::Constant, ScheduleKind::InverseSquareRoot] {
            let [before, now] = [2000, 3000].map(|steps| section(schedule, steps));
            let message = length_change(&before, &now, 2000).unwrap();
            assert!(
                message.contains("step 2001 stays") && !message.contains("warning"),
                "{message}"
            );
        }
    }

    #[test]
    fn a_run_with_fewer_steps_than_done_has_none_left() {
        let [before, now] = [2000, 300].map(|steps| section(ScheduleKind::Constant, steps));
        let message = length_change(&before, &now, 400).unwrap();
        assert!(message.contains("400 steps are done, so no steps are left"), "{message}");
        assert_eq!(length_change(&before, &before, 400), None);
    }
}
