//! The list of types by which reflection finds those that the compiler made.

use super::types::GoType;
use crate::units::Container;
use rustc_hash::FxHashMap;

/// The list's leaf refers to its members and holds nothing else, as long as they are descriptors, sorted by their
/// strings as the linker sorts them; what is out of place is content and counts as residual.
pub fn describe(list: &[u64], types: &FxHashMap<u64, GoType>, container: &mut Container) {
    let name = |at: &u64| types.get(at).map(|t| t.name.as_str());
    let strangers = list.iter().filter(|at| name(at).is_none()).count();
    let unordered = list.windows(2).filter(|w| name(&w[0]) > name(&w[1])).count();
    container.references.extend(list);
    if strangers + unordered > 0 {
        container.residual += (strangers + unordered) as u64;
        for at in list {
            container.content.update(name(at).unwrap_or("?").as_bytes()).update(b"\n");
        }
    }
}
