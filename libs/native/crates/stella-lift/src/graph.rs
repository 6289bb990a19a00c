//! Strongly connected components and identities over the call graph.

use crate::Hash;

/// Component of each node; components are numbered so that an edge never leads to a higher number.
///
/// Source: R. Tarjan, "Depth-first search and linear graph algorithms", 1972; with an explicit stack, so that a long
/// chain in a hostile file cannot exhaust the thread's.
pub fn components(edges: &[Vec<u32>]) -> (Vec<u32>, u32) {
    const UNSEEN: u32 = u32::MAX;
    let n = edges.len();
    let (mut index, mut low, mut component) = (vec![UNSEEN; n], vec![0u32; n], vec![UNSEEN; n]);
    let (mut stack, mut work): (Vec<u32>, Vec<(u32, usize)>) = (Vec::new(), Vec::new());
    let (mut counter, mut count) = (0, 0);
    for root in 0..n {
        if index[root] != UNSEEN {
            continue;
        }
        work.push((root as u32, 0));
        while let Some((node, edge)) = work.pop() {
            let v = node as usize;
            if edge == 0 {
                index[v] = counter;
                low[v] = counter;
                counter += 1;
                stack.push(node);
            } else {
                low[v] = low[v].min(low[edges[v][edge - 1] as usize]);
            }
            let mut descended = false;
            for (i, &to) in edges[v].iter().enumerate().skip(edge) {
                let w = to as usize;
                if index[w] == UNSEEN {
                    work.push((node, i + 1));
                    work.push((to, 0));
                    descended = true;
                    break;
                }
                if component[w] == UNSEEN {
                    low[v] = low[v].min(index[w]);
                }
            }
            if !descended && low[v] == index[v] {
                while let Some(member) = stack.pop() {
                    component[member as usize] = count;
                    // A finished node must not lower its callers any more.
                    low[member as usize] = UNSEEN;
                    if member == node {
                        break;
                    }
                }
                count += 1;
            }
        }
    }
    (component, count)
}

/// E2: each node's own identity with those of what it refers to; nodes of one cycle share the cycle's identity, and a
/// reference inside the cycle is left to the bijection.
pub fn identities(own: &[Hash], edges: &[Vec<u32>]) -> Vec<Hash> {
    let (component, count) = components(edges);
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); count as usize];
    for (node, c) in component.iter().enumerate() {
        members[*c as usize].push(node as u32);
    }
    let mut result = vec![[0u8; 32]; own.len()];
    for group in &members {
        let mut shallow: Vec<(Hash, u32)> = Vec::with_capacity(group.len());
        for &node in group {
            let v = node as usize;
            let mut hasher = blake3::Hasher::new();
            hasher.update(&own[v]);
            for &to in &edges[v] {
                if component[to as usize] == component[v] {
                    hasher.update(&[0]);
                } else {
                    hasher.update(&[1]).update(&result[to as usize]);
                }
            }
            shallow.push((*hasher.finalize().as_bytes(), node));
        }
        if let [(hash, node)] = shallow[..] {
            result[node as usize] = hash;
            continue;
        }
        let mut sorted: Vec<Hash> = shallow.iter().map(|s| s.0).collect();
        sorted.sort_unstable();
        let cycle = blake3::hash(sorted.as_flattened());
        for (hash, node) in shallow {
            result[node as usize] = *blake3::Hasher::new().update(&hash).update(cycle.as_bytes()).finalize().as_bytes();
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_collapse_and_edges_point_down() {
        let edges = vec![vec![1], vec![2], vec![1, 3], vec![], vec![0, 3]];
        let (component, count) = components(&edges);
        assert_eq!(count, 4);
        assert_eq!(component[1], component[2]);
        for (from, list) in edges.iter().enumerate() {
            assert!(list.iter().all(|to| component[*to as usize] <= component[from]));
        }
    }

    #[test]
    fn an_identity_follows_its_callees_and_survives_renumbering() {
        let hash = |n: u8| [n; 32];
        let a = identities(&[hash(1), hash(2), hash(3)], &[vec![1], vec![2], vec![1]]);
        let b = identities(&[hash(3), hash(1), hash(2)], &[vec![2], vec![2], vec![0]]);
        assert_eq!((a[0], a[1], a[2]), (b[1], b[2], b[0]));
        let c = identities(&[hash(1), hash(2), hash(9)], &[vec![1], vec![2], vec![1]]);
        assert!(a.iter().zip(&c).all(|(x, y)| x != y));
    }

    #[test]
    fn a_chain_of_a_million_nodes_needs_no_deep_stack() {
        let edges: Vec<Vec<u32>> = (0..1_000_000u32).map(|i| if i == 999_999 { vec![] } else { vec![i + 1] }).collect();
        assert_eq!(components(&edges).1, 1_000_000);
    }
}
