use super::*;

/// A server's sessions, and a moment after its start.
fn sessions() -> (Sessions, Instant) {
    let sessions = Sessions::default();
    let start = sessions.started;
    (sessions, start)
}

#[test]
fn a_share_is_bounded_and_freed_by_what_is_deleted() {
    let session = Session::named("s");
    let large = "x".repeat(MAX_STATE_BYTES - 1);
    assert_eq!(session.set("a", "k".into(), large), Ok(()));
    assert_eq!(session.bytes(), MAX_STATE_BYTES);
    assert_eq!(session.set("a", "l".into(), "1".into()), Err(StateError::Full));
    assert_eq!(session.set("b", "l".into(), "1".into()), Ok(()), "each strategy has its own share");
    session.delete("a", "k");
    assert_eq!(session.bytes(), 2);
    assert_eq!(session.set("a", "l".into(), "1".into()), Ok(()));
}

#[test]
fn the_room_of_all_sessions_is_bounded_and_freed_with_them() {
    let (sessions, now) = sessions();
    let large = "x".repeat(MAX_STATE_BYTES - 1);
    let fills = |session: &Session| session.set("a", "k".into(), large.clone());
    let mut full = 0;
    let refused = loop {
        let session = sessions.get_at(&full.to_string(), now);
        match fills(&session) {
            Ok(()) => full += 1,
            Err(_) => break session,
        }
    };
    // What a key takes beside its text counts as well.
    assert_eq!(full, MAX_TOTAL_BYTES / MAX_STATE_BYTES - 1);
    assert_eq!(refused.set("a", "k".into(), "little".into()), Ok(()));
    assert_eq!(
        sessions.get(None).set("a", "k".into(), large.clone()),
        Err(StateError::Full),
        "the common one has no more"
    );
    assert_eq!(sessions.get_at("0", now).set("a", "k".into(), "less".into()), Ok(()));
    assert_eq!(fills(&refused), Ok(()));
    sessions.reset(Some("1"));
    assert_eq!(sessions.get(None).set("a", "k".into(), large), Ok(()));
    drop(refused);
    sessions.reset(None);
    assert_eq!((sessions.bytes(), sessions.count()), (0, 1));
}

#[test]
fn the_account_of_the_room_is_exact() {
    let (sessions, now) = sessions();
    let session = sessions.get_at("s", now);
    for value in ["one", "a longer one", "", "x", "x"] {
        session.set("a", "key".into(), value.into()).unwrap();
        assert_eq!(sessions.bytes(), 3 + value.len() + 96, "{value:?}");
    }
    session.fetch_add("a", "n".into(), 12).unwrap();
    assert_eq!(sessions.bytes(), 4 + 96 + 3 + 96);
    session.fetch_add("a", "n".into(), -5).unwrap();
    session.delete("a", "key");
    session.delete("a", "nothing");
    session.delete("b", "nothing");
    assert_eq!(sessions.bytes(), 2 + 96);
    let overlay = session.overlay();
    overlay.set("a", "more".into(), "x".repeat(1_000)).unwrap();
    drop(overlay);
    assert_eq!(sessions.bytes(), 2 + 96, "an overlay takes nothing");
    sessions.reset(Some("s"));
    assert_eq!(sessions.bytes(), 2 + 96, "somebody still has it");
    drop(session);
    assert_eq!(sessions.bytes(), 0);
}

#[test]
fn counting_starts_at_zero_and_refuses_what_is_no_number() {
    let session = Session::named("s");
    assert_eq!(session.fetch_add("a", "n".into(), 5), Ok(0));
    assert_eq!(session.fetch_add("a", "n".into(), -7), Ok(5));
    assert_eq!(session.get("a", "n").as_deref(), Some("-2"));
    session.set("a", "n".into(), "many".into()).unwrap();
    assert_eq!(session.fetch_add("a", "n".into(), 1), Err(StateError::NotANumber));
    session.set("a", "n".into(), i64::MAX.to_string()).unwrap();
    assert_eq!(session.fetch_add("a", "n".into(), 1), Err(StateError::NotANumber));
}

#[test]
fn counting_at_once_loses_nothing() {
    let session = Session::named("s");
    let mut seen: Vec<i64> = std::thread::scope(|scope| {
        let count = || (0..1_000).map(|_| session.fetch_add("a", "n".into(), 1).unwrap()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    seen.sort_unstable();
    assert_eq!(seen, (0..4_000).collect::<Vec<_>>());
}

#[test]
fn a_long_name_is_a_session_like_any_other_and_takes_little_memory() {
    let sessions = Sessions::default();
    let (long, other) = ("x".repeat(100_000), "y".repeat(100_000));
    assert_eq!(sessions.get(Some(&long)).next_turn(), 0);
    assert_eq!(sessions.get(Some(&long)).next_turn(), 1);
    assert_eq!(sessions.get(Some(&other)).next_turn(), 0);
    assert_eq!(sessions.get(Some(&long)).name().len(), 64);
    assert_eq!(sessions.peek(&long).unwrap().turns(), 2);
    sessions.reset(Some(&long));
    assert!(sessions.peek(&long).is_none());
}

#[test]
fn sessions_are_bounded_and_the_idle_go_first() {
    let (sessions, now) = sessions();
    assert_eq!(sessions.get_at("kept", now).next_turn(), 0);
    for i in 0..MAX_SESSIONS - 1 {
        sessions.get_at(&i.to_string(), now);
    }
    assert_eq!(sessions.count(), MAX_SESSIONS + 1, "none goes before there are so many; and the common one");
    for i in MAX_SESSIONS..MAX_SESSIONS * 3 {
        sessions.get_at("kept", now);
        sessions.get_at(&i.to_string(), now);
    }
    assert_eq!(sessions.get_at("kept", now).next_turn(), 1);
    assert_eq!(sessions.count(), MAX_SESSIONS + 1);
    assert_eq!(sessions.shards.iter().map(|shard| lock(shard).len()).sum::<usize>(), MAX_SESSIONS);
    assert!(sessions.peek_at("0", now).is_none(), "the oldest is gone");
}

#[test]
fn a_session_that_is_idle_too_long_begins_anew() {
    let (sessions, start) = sessions();
    let second = Duration::from_secs(1);
    let at = |seconds: u64| start + second * u32::try_from(seconds).unwrap();
    sessions.get_at("a", at(0)).next_turn();
    sessions.get_at("b", at(0)).next_turn();
    assert_eq!(sessions.get_at("a", at(3_600)).turns(), 1, "in time");
    // Looked at, and not used by that.
    assert!(sessions.peek_at("b", at(3_600)).is_some());
    assert!(sessions.peek_at("b", at(3_601)).is_none());
    assert_eq!(sessions.get_at("b", at(3_601)).turns(), 0);
    assert_eq!(sessions.get_at("a", at(7_200)).turns(), 1, "its time counts from its last use");
    assert_eq!(sessions.get_at("a", at(10_801)).turns(), 0);
}

#[test]
fn one_look_up_forgets_what_is_idle_in_every_shard() {
    let (sessions, start) = sessions();
    for i in 0..1_000 {
        sessions.get_at(&i.to_string(), start).set("a", "k".into(), "v".into()).unwrap();
    }
    let later = start + MAX_IDLE;
    sessions.get_at("1", later);
    assert_eq!(sessions.count.load(Ordering::Relaxed), 1_000);
    sessions.get_at("2", later + Duration::from_secs(SWEEP_S));
    assert_eq!(sessions.count.load(Ordering::Relaxed), 2);
    // The one that was used in time has what it kept.
    assert_eq!(sessions.bytes(), 2 + 96);
}

#[test]
fn an_overlay_begins_as_its_session_is_and_goes_its_own_way() {
    let session = Session::named("s");
    session.next_turn();
    session.next_other();
    session.set("a", "k".into(), "before".into()).unwrap();
    let overlay = session.overlay();
    assert_eq!((overlay.name(), overlay.next_turn(), overlay.next_other()), ("s", 1, 1));
    assert!(overlay.has_state());
    assert_eq!(overlay.get("a", "k").as_deref(), Some("before"));
    overlay.set("a", "k".into(), "after".into()).unwrap();
    overlay.delete("a", "nothing");
    assert_eq!(session.get("a", "k").as_deref(), Some("before"));
    assert_eq!((session.next_turn(), session.next_other()), (1, 1));
    assert!(!Session::named("empty").overlay().has_state());
}

#[test]
fn a_session_tells_what_is_kept() {
    let session = Session::named("s");
    for (strategy, key, value) in [("b", "y", "1"), ("b", "x", "2"), ("a", "z", "3"), ("c", "gone", "4")] {
        session.set(strategy, key.into(), value.into()).unwrap();
    }
    session.delete("c", "gone");
    let told = serde_json::to_string(&session.snapshot()).unwrap();
    assert_eq!(told, r#"{"a":{"z":"3"},"b":{"x":"2","y":"1"}}"#);
}

#[test]
fn names_come_in_order_and_in_pages() {
    let sessions = Sessions::default();
    for i in (0..50).rev() {
        sessions.get(Some(&format!("n{i:02}")));
    }
    let mut pages = Vec::new();
    let mut after = None::<String>;
    loop {
        let page = sessions.names(after.as_deref(), 8);
        let Some(last) = page.last() else { break };
        assert!(page.len() == 8 || page.len() == 51 % 8, "{page:?}");
        after = Some(last.clone());
        pages.extend(page);
    }
    let expected: Vec<String> = [COMMON.to_owned()].into_iter().chain((0..50).map(|i| format!("n{i:02}"))).collect();
    assert_eq!(pages, expected);
    assert_eq!(sessions.names(None, 0), Vec::<String>::new());
}

#[test]
fn to_look_at_a_session_makes_none() {
    let sessions = Sessions::default();
    assert!(sessions.peek("a").is_none());
    assert_eq!(sessions.names(None, 9), [COMMON]);
    sessions.get(Some("a")).next_turn();
    assert_eq!(sessions.peek("a").unwrap().turns(), 1);
    assert_eq!(sessions.peek(COMMON).unwrap().turns(), 0);
}

#[test]
fn a_reset_begins_anew_one_session_or_all() {
    let sessions = Sessions::default();
    let used = |name: Option<&str>| {
        let session = sessions.get(name);
        session.fetch_add("a", "n".into(), 1).unwrap();
        session.next_other();
        session.next_turn()
    };
    let in_flight = sessions.get(Some("a"));
    for name in [None, Some("a"), Some("b")] {
        assert_eq!((used(name), used(name)), (0, 1));
    }
    sessions.reset(Some("a"));
    sessions.reset(Some("never there"));
    assert_eq!(in_flight.next_turn(), 2, "what is in flight finishes with what there was");
    assert_eq!((used(None), used(Some("a")), used(Some("b"))), (2, 0, 2));
    sessions.reset(Some(COMMON));
    assert!(!sessions.get(None).has_state());
    assert_eq!((used(None), used(Some("a")), used(Some("b"))), (0, 1, 3));
    sessions.reset(None);
    for name in [None, Some("a"), Some("b")] {
        let session = sessions.get(name);
        assert_eq!((session.turns(), session.next_other(), session.get("a", "n")), (0, 0, None));
    }
}
