use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use anyhow::anyhow;
use jiff::{SignedDuration, Timestamp};
use scheduler_core::testkit::{ClusterBuilder, cluster, pod};
use scheduler_core::{ClusterSnapshot, Engine, Plan};

use super::{Clock, Driver, Journal, Planner, Reading, Rounds, Source};

/// Follows the runtime's time, which the tests pause.
struct RuntimeClock {
    epoch: tokio::time::Instant,
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.epoch.elapsed()
    }
}

/// Cluster files that hold these states, one a round; the last one stays.
struct Script(VecDeque<Option<ClusterBuilder>>);

impl Source for Script {
    fn read(&mut self, now: Timestamp) -> anyhow::Result<Reading> {
        let state = if self.0.len() > 1 { self.0.pop_front() } else { self.0.front().cloned() };
        let cluster = state.flatten().ok_or_else(|| anyhow!("broken file"))?;
        let snapshot = ClusterSnapshot { now, ..cluster.build() };
        Ok(Reading { snapshot, warnings: Vec::new() })
    }
}

/// When the engine was asked, and about how many waiting pods.
type Asked = Vec<(i64, usize)>;
/// What came out, by round.
type Told = Vec<&'static str>;

/// What a planner answers to a snapshot.
type Answer = Box<dyn FnMut(&ClusterSnapshot) -> Plan>;

/// Notes when it is asked, and answers.
struct Noting {
    asked: Rc<RefCell<Asked>>,
    answer: Answer,
}

impl Planner for Noting {
    fn step(&mut self, snapshot: &ClusterSnapshot) -> Plan {
        let asked = (snapshot.now.as_millisecond(), snapshot.pending.len());
        self.asked.borrow_mut().push(asked);
        (self.answer)(snapshot)
    }

    fn prepare(&mut self, _: &ClusterSnapshot) {}
}

/// Decides nothing, and says to look again after so long.
fn again_after(wait: SignedDuration) -> Answer {
    Box::new(move |snapshot| Plan { wake_at: Some(snapshot.now + wait), ..Plan::default() })
}

struct Diary(Rc<RefCell<Told>>);

impl Journal for Diary {
    fn read(&mut self, _warnings: &[String]) {}

    fn unreadable(&mut self, _error: &anyhow::Error) {
        self.0.borrow_mut().push("unreadable");
    }

    fn decided(&mut self, _snapshot: &ClusterSnapshot, _plan: &Plan) {
        self.0.borrow_mut().push("decided");
    }
}

/// A run of the loop: the states of the files, what the engine answers, and when it is stopped.
struct Run {
    states: Vec<Option<ClusterBuilder>>,
    answer: Answer,
    rounds: Rounds,
    stop_after: Duration,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            states: vec![Some(cluster())],
            answer: Box::new(|_| Plan::default()),
            rounds: Rounds::UntilStopped,
            stop_after: Duration::from_secs(25),
        }
    }
}

impl Run {
    async fn go(self) -> (anyhow::Result<()>, Asked, Told) {
        let (asked, told) = (Rc::<RefCell<Asked>>::default(), Rc::<RefCell<Told>>::default());
        let driver = Driver {
            clock: RuntimeClock { epoch: tokio::time::Instant::now() },
            source: Script(self.states.into()),
            planner: Noting { asked: Rc::clone(&asked), answer: self.answer },
            journal: Diary(Rc::clone(&told)),
            interval: SignedDuration::from_secs(10),
        };
        let result = driver.run(self.rounds, tokio::time::sleep(self.stop_after)).await;
        (result, asked.take(), told.take())
    }
}

fn one_pod() -> ClusterBuilder {
    cluster().pod(pod("web"))
}

#[tokio::test(start_paused = true)]
async fn it_wakes_at_wake_at_if_that_is_before_the_interval() {
    let run = Run {
        answer: again_after(SignedDuration::from_secs(3)),
        stop_after: Duration::from_secs(7),
        ..Run::default()
    };
    let (_, asked, _) = run.go().await;
    assert_eq!(asked, [(0, 0), (3000, 0), (6000, 0)]);
}

#[tokio::test(start_paused = true)]
async fn it_wakes_at_the_interval_if_wake_at_is_later_or_missing() {
    let later = again_after(SignedDuration::from_hours(1));
    for run in [Run::default(), Run { answer: later, ..Run::default() }] {
        let (_, asked, _) = run.go().await;
        assert_eq!(asked, [(0, 0), (10_000, 0), (20_000, 0)]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_engine_is_asked_again_when_its_batch_window_closes() {
    let mut engine = Engine::new(scheduler_core::Settings::default());
    let run = Run {
        states: vec![Some(one_pod())],
        answer: Box::new(move |snapshot| engine.step(snapshot)),
        stop_after: Duration::from_secs(5),
        ..Run::default()
    };
    let (_, asked, _) = run.go().await;
    assert_eq!(asked, [(0, 1), (1000, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_in_the_past_does_not_make_it_spin() {
    let run = Run {
        answer: again_after(SignedDuration::from_secs(-5)),
        stop_after: Duration::from_millis(25),
        ..Run::default()
    };
    let (_, asked, _) = run.go().await;
    assert_eq!(asked, [(0, 0), (10, 0), (20, 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_broken_file_keeps_the_last_snapshot_at_the_present_time() {
    let states = vec![Some(one_pod()), None, Some(one_pod().pod(pod("api")))];
    let (result, asked, told) = Run { states, ..Run::default() }.go().await;
    assert!(result.is_ok());
    assert_eq!(asked, [(0, 1), (10_000, 1), (20_000, 2)]);
    assert_eq!(told, ["decided", "unreadable", "decided", "decided"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_snapshot_it_tries_again_and_decides_nothing() {
    let states = vec![None, None, Some(one_pod())];
    let (_, asked, told) = Run { states, ..Run::default() }.go().await;
    assert_eq!(asked, [(20_000, 1)]);
    assert_eq!(told, ["unreadable", "unreadable", "decided"]);
}

#[tokio::test(start_paused = true)]
async fn once_is_a_single_round() {
    let run = Run {
        answer: again_after(SignedDuration::from_secs(1)),
        rounds: Rounds::Once,
        ..Run::default()
    };
    let (result, asked, told) = run.go().await;
    assert!(result.is_ok());
    assert_eq!((asked, told), (vec![(0, 0)], vec!["decided"]));
}

#[tokio::test(start_paused = true)]
async fn once_fails_if_the_cluster_cannot_be_read() {
    let run = Run { states: vec![None], rounds: Rounds::Once, ..Run::default() };
    let (result, asked, _) = run.go().await;
    assert_eq!(result.unwrap_err().to_string(), "broken file");
    assert!(asked.is_empty());
}
