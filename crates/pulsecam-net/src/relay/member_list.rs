//! The list of members. It is cheap to iterate for each message, and cheap to change a thousand times a
//! second.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::member::{ClientId, Member};

/// All members. The list that messages iterate is rebuilt by the first message after a change, not by each
/// change: a thousand clients that come and go between two frames cost one list.
#[derive(Default)]
pub(super) struct MemberList(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    members: BTreeMap<ClientId, Arc<Member>>,
    list: Option<Arc<[Arc<Member>]>>,
}

impl MemberList {
    /// Adds a member; returns the number of members.
    pub(super) fn join(&self, member: &Arc<Member>) -> usize {
        let mut inner = self.lock();
        inner.members.insert(member.id, Arc::clone(member));
        inner.list = None;
        inner.members.len()
    }

    /// Removes a member; returns the number of members left.
    pub(super) fn leave(&self, id: ClientId) -> usize {
        let mut inner = self.lock();
        inner.members.remove(&id);
        inner.list = None;
        inner.members.len()
    }

    /// All members, in the order in which they joined. The lock is held for one reference count.
    pub(super) fn list(&self) -> Arc<[Arc<Member>]> {
        let mut inner = self.lock();
        if let Some(list) = &inner.list {
            return Arc::clone(list);
        }
        let list: Arc<[_]> = inner.members.values().cloned().collect();
        inner.list = Some(Arc::clone(&list));
        list
    }

    /// Locks the list, ignoring poisoning. No code panics while it holds the lock, and the list is consistent
    /// between any two statements.
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
