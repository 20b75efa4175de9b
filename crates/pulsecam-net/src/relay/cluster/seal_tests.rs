//! Tests of sealed datagrams.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;

const KEY: &str = "a cluster key of the test vectors";

fn at(host: u8) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, host), 6869).into()
}

fn relay(key: &str) -> Seal {
    Seal::new(ClusterKey::new(key).unwrap()).unwrap()
}

/// Two relays that know each other: the first is at `at(1)`, the second at `at(2)`.
fn acquainted() -> [Seal; 2] {
    let [mut one, mut other] = [relay(KEY), relay(KEY)];
    let hello = one.seal(at(2), b"hello").unwrap();
    let Opened::Greet(greeting) = other.open(at(1), &hello) else { panic!("it is no stranger") };
    assert!(greeting.len() <= hello.len());
    assert_eq!(one.open(at(2), &greeting), Opened::Greeted);
    let hello = one.seal(at(2), b"hello").unwrap();
    assert_eq!(other.open(at(1), &hello), Opened::Message(b"hello".to_vec()));
    [one, other]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Computed with Python's hmac and cryptography.
#[test]
fn datagrams_are_those_of_the_vectors() {
    let salts: [Salt; 2] = [0, 16].map(|from| std::array::from_fn(|at| from + at as u8));
    let [mut one, mut other] = salts.map(|salt| Seal::with_salt(ClusterKey::new(KEY).unwrap(), salt));
    one.learn(at(2), salts[1]);
    let message = one.seal(at(2), b"who is there?").unwrap();
    assert_eq!(
        hex(&message),
        "0101000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0000000000000001\
         47a2af946172f65fe68255c21d02745ccbbafa28ae592d99bfb16d4826"
    );
    let greeting = one.sealed(Kind::Greeting, salts[1], b"").unwrap();
    assert_eq!(
        hex(&greeting),
        "0100000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0000000000000002\
         3a39f49d41feed06074dc5c85a2e14c5"
    );
    assert_eq!(other.open(at(1), &message), Opened::Message(b"who is there?".to_vec()));
    assert_eq!(other.open(at(1), &greeting), Opened::Greeted);
}

#[test]
fn relays_with_the_key_speak_after_one_greeting() {
    let [mut one, mut other] = acquainted();
    // The second learnt the first's salt from its message.
    let answer = other.seal(at(1), b"it is me").unwrap();
    assert_eq!(one.open(at(2), &answer), Opened::Message(b"it is me".to_vec()));
    assert_eq!([one.refused(), other.refused()], [Refused::default(); 2]);
}

#[test]
fn who_has_another_key_gets_no_answer_and_learns_nothing() {
    let [mut one, mut stranger] = [relay(KEY), relay("another cluster's key, as long")];
    let hello = stranger.seal(at(1), b"let me in").unwrap();
    assert_eq!(one.open(at(9), &hello), Opened::Refused(Refusal::Unsealed));
    assert_eq!(one.refused().unsealed, 1);
    assert!(one.senders.is_empty() && one.peers.is_empty());
    let sealed = one.seal(at(9), b"a secret of the cluster").unwrap();
    assert_eq!(stranger.open(at(1), &sealed), Opened::Refused(Refusal::Unsealed));
    assert!(!sealed.windows(6).any(|window| window == b"secret"));
}

#[test]
fn what_was_heard_is_not_heard_again() {
    let [mut one, mut other] = acquainted();
    let said = one.seal(at(2), b"once").unwrap();
    assert_eq!(other.open(at(1), &said), Opened::Message(b"once".to_vec()));
    for from in [at(1), at(7)] {
        assert_eq!(other.open(from, &said), Opened::Refused(Refusal::Repeated));
    }
    let [earlier, later] = [b"1", b"2"].map(|message| one.seal(at(2), message).unwrap());
    assert_eq!(other.open(at(1), &later), Opened::Message(b"2".to_vec()));
    assert_eq!(other.open(at(1), &earlier), Opened::Message(b"1".to_vec()), "overtaken on the way");
    assert_eq!(other.refused().repeated, 2);
}

/// Somebody records the gossip of a cluster and plays it to a relay that was restarted since.
#[test]
fn an_hour_of_recorded_datagrams_tells_a_restarted_relay_nothing() {
    let [mut one, mut other] = acquainted();
    let recorded: Vec<_> = (0..1000).map(|_| one.seal(at(2), &[7; 200]).unwrap()).collect();
    assert!(recorded.iter().all(|said| matches!(other.open(at(1), said), Opened::Message(_))));
    let mut restarted = relay(KEY);
    for said in &recorded {
        let Opened::Greet(greeting) = restarted.open(at(1), said) else { panic!("it was believed") };
        assert!(greeting.len() < said.len());
        // The greetings go to whoever is there, and are of use to the one that is greeted only.
        assert_eq!(other.open(at(2), &greeting), Opened::Refused(Refusal::Repeated));
    }
    assert!(restarted.senders.is_empty() && restarted.peers.is_empty());
}

#[test]
fn a_restarted_relay_is_known_again_after_one_greeting() {
    let [mut one, _] = acquainted();
    let mut restarted = relay(KEY);
    let said = one.seal(at(2), b"still there?").unwrap();
    let Opened::Greet(greeting) = restarted.open(at(1), &said) else { panic!("it cannot know") };
    assert_eq!(one.open(at(2), &greeting), Opened::Greeted);
    let said = one.seal(at(2), b"still there?").unwrap();
    assert_eq!(restarted.open(at(1), &said), Opened::Message(b"still there?".to_vec()));
}

#[test]
fn each_byte_of_a_datagram_counts() {
    let [mut one, mut other] = acquainted();
    let said = one.seal(at(2), b"unchanged").unwrap();
    for at_byte in 0..said.len() {
        for bit in 0..8 {
            let mut changed = said.clone();
            changed[at_byte] ^= 1 << bit;
            assert!(matches!(other.open(at(1), &changed), Opened::Refused(_)), "byte {at_byte}");
        }
    }
    assert_eq!(other.open(at(1), &said), Opened::Message(b"unchanged".to_vec()));
}

#[test]
fn another_version_is_told_from_noise() {
    let [mut one, mut other] = acquainted();
    let mut said = one.seal(at(2), b"from the future").unwrap();
    said[0] = 2;
    assert_eq!(other.open(at(1), &said), Opened::Refused(Refusal::Version(2)));
    assert_eq!(other.open(at(1), &[]), Opened::Refused(Refusal::Malformed));
    assert_eq!(other.refused(), Refused { version: 1, malformed: 1, ..Refused::default() });
}

#[test]
fn its_own_datagrams_are_no_news_to_a_relay() {
    let mut one = relay(KEY);
    let said = one.seal(at(1), b"echo").unwrap();
    assert_eq!(one.open(at(1), &said), Opened::Refused(Refusal::Own));
    assert_eq!(one.refused(), Refused::default());
}

#[test]
fn a_message_of_any_size_that_fits_comes_through() {
    let [mut one, mut other] = acquainted();
    for size in [0, 1, MAX_MESSAGE] {
        let said = one.seal(at(2), &vec![1; size]).unwrap();
        assert!(said.len() <= 65_507);
        assert_eq!(other.open(at(1), &said), Opened::Message(vec![1; size]));
    }
    assert_eq!(one.seal(at(2), &vec![1; MAX_MESSAGE + 1]), Err(TooLarge(MAX_MESSAGE + 1)));
}

#[test]
fn a_dual_stack_socket_knows_its_peers() {
    let [mut one, mut other] = acquainted();
    let answer = other.seal(at(1), b"hello").unwrap();
    let mapped = (Ipv4Addr::new(192, 0, 2, 2).to_ipv6_mapped(), 6869).into();
    assert!(matches!(one.open(mapped, &answer), Opened::Message(_)));
    assert_eq!(one.peers.len(), 1);
}

/// A cluster whose relays restart for years.
#[test]
fn senders_that_come_and_go_cannot_fill_memory_and_are_never_believed_twice() {
    let mut one = relay(KEY);
    let first_salt = one.salt;
    let mut said = Vec::new();
    for number in 0..2 * MAX_SENDERS {
        let mut sender = relay(KEY);
        let from = (Ipv4Addr::from(u32::try_from(number).unwrap()), 6869).into();
        for _ in 0..3 {
            let message = sender.seal(at(1), b"here").unwrap();
            match one.open(from, &message) {
                Opened::Greet(greeting) => assert_eq!(sender.open(at(1), &greeting), Opened::Greeted),
                Opened::Message(_) => said.push(message),
                Opened::Refused(Refusal::Repeated) => {
                    assert!(one.senders.is_empty(), "it has renewed its salt");
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(one.senders.len() <= MAX_SENDERS && one.peers.len() <= MAX_PEERS);
        assert_eq!(one.peers.len(), one.learnt.len());
    }
    assert_ne!(one.salt, first_salt);
    assert!(said.len() > 2 * MAX_SENDERS);
    for message in &said {
        assert!(!matches!(one.open(at(3), message), Opened::Message(_)));
    }
}

proptest! {
    #[test]
    fn noise_opens_nothing(noise in proptest::collection::vec(any::<u8>(), 0..200), plausible: bool) {
        let mut one = relay(KEY);
        let mut datagram = noise;
        if plausible && datagram.len() > 2 {
            (datagram[0], datagram[1]) = (1, datagram[1] % 2);
        }
        prop_assert!(matches!(one.open(at(1), &datagram), Opened::Refused(_)));
        prop_assert!(one.senders.is_empty() && one.peers.is_empty());
    }

    #[test]
    fn whatever_is_said_is_heard_once(
        messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 1..40),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..80),
    ) {
        let [mut one, mut other] = acquainted();
        let sealed: Vec<_> = messages.iter().map(|message| one.seal(at(2), message).unwrap()).collect();
        let mut heard = vec![false; messages.len()];
        for index in order {
            let index = index.index(messages.len());
            match other.open(at(1), &sealed[index]) {
                Opened::Message(message) => {
                    prop_assert!(!heard[index]);
                    prop_assert_eq!(&message, &messages[index]);
                    heard[index] = true;
                }
                Opened::Refused(Refusal::Repeated) => prop_assert!(heard[index]),
                unexpected => prop_assert!(false, "{:?}", unexpected),
            }
        }
    }
}
