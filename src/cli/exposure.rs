//! Who can reach a relay and what protects it: what to say about it to the person who starts it.

/// What there is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exposure {
    /// It is as the person wrote it.
    AsAsked,
    /// All addresses, which are more than many think of, but somebody has thought of strangers.
    Everywhere(&'static str),
    /// All addresses, and nothing that keeps strangers away.
    Open,
}

impl Exposure {
    /// `everywhere`: the address is the unspecified one (`0.0.0.0`, `::`).
    pub(super) const fn of(everywhere: bool, has_key: bool, has_tls: bool) -> Self {
        match (everywhere, has_key, has_tls) {
            (false, _, _) => Self::AsAsked,
            (true, false, false) => Self::Open,
            (true, true, false) => {
                Self::Everywhere("who has the key; without TLS others on the way can look on")
            }
            (true, false, true) => Self::Everywhere("everybody, over TLS; without a key anybody may come"),
            (true, true, true) => Self::Everywhere("who has the key, over TLS"),
        }
    }

    /// Into the log, as loud as it deserves.
    pub(super) fn tell(self) {
        match self {
            Self::AsAsked => {}
            Self::Everywhere(whom) => tracing::info!("open on all addresses of this machine to {whom}"),
            Self::Open => tracing::warn!(
                "open on all addresses of this machine, to everybody and unencrypted: anybody who reaches it can watch and send; \
                 lock it with --key-file and --tls-cert (`pulsecam key`, `pulsecam cert`), or keep it to one address: --listen 127.0.0.1:6868"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_warns_only_where_strangers_can_come_and_nothing_stops_them() {
        for (key, tls) in [(false, false), (false, true), (true, false), (true, true)] {
            assert_eq!(Exposure::of(false, key, tls), Exposure::AsAsked);
        }
        assert_eq!(Exposure::of(true, false, false), Exposure::Open);
        let said = |key, tls| match Exposure::of(true, key, tls) {
            Exposure::Everywhere(whom) => whom,
            other => panic!("{other:?}"),
        };
        assert!(said(true, false).contains("look on"));
        assert!(said(false, true).contains("anybody may come"));
        assert_eq!(said(true, true), "who has the key, over TLS");
    }
}
