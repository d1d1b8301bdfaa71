//! Which nodes of a directed graph reach themselves: strongly connected components by Tarjan's
//! algorithm, without recursion, since a program may hold a chain of 100,000 constants.

/// A graph: for each node, by number, the nodes that it points to.
pub(super) type Graph = Vec<Vec<usize>>;

/// The strongly connected components. A component stands after all that it points to, so that a
/// pass in this order sees what a node depends on before the node.
pub(super) fn components(graph: &Graph) -> Vec<Vec<usize>> {
    let mut search = Search {
        graph,
        order: vec![UNSEEN; graph.len()],
        low: vec![0; graph.len()],
        on_stack: vec![false; graph.len()],
        stack: Vec::new(),
        next: 0,
        components: Vec::new(),
    };
    for node in 0..graph.len() {
        if search.order[node] == UNSEEN {
            search.run(node);
        }
    }
    search.components
}

/// Whether the nodes of this component reach themselves.
pub(super) fn is_cycle(graph: &Graph, component: &[usize]) -> bool {
    match component {
        [node] => graph[*node].contains(node),
        _ => true,
    }
}

const UNSEEN: usize = usize::MAX;

struct Search<'g> {
    graph: &'g Graph,
    /// When each node was met.
    order: Vec<usize>,
    /// The earliest node on the stack that each node reaches.
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    next: usize,
    components: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn run(&mut self, root: usize) {
        // A node with the number of its edges that have been followed.
        let mut path = vec![(root, 0)];
        self.enter(root);
        while let Some((node, edge)) = path.last_mut() {
            let node = *node;
            let Some(&target) = self.graph[node].get(*edge) else {
                let _ = path.pop();
                self.leave(node, path.last().map(|&(parent, _)| parent));
                continue;
            };
            *edge += 1;
            if self.order[target] == UNSEEN {
                self.enter(target);
                path.push((target, 0));
            } else if self.on_stack[target] {
                self.low[node] = self.low[node].min(self.order[target]);
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.order[node] = self.next;
        self.low[node] = self.next;
        self.next += 1;
        self.stack.push(node);
        self.on_stack[node] = true;
    }

    fn leave(&mut self, node: usize, parent: Option<usize>) {
        if let Some(parent) = parent {
            self.low[parent] = self.low[parent].min(self.low[node]);
        }
        if self.low[node] != self.order[node] {
            return;
        }
        let mut component = Vec::new();
        while let Some(member) = self.stack.pop() {
            self.on_stack[member] = false;
            component.push(member);
            if member == node {
                break;
            }
        }
        component.sort_unstable();
        self.components.push(component);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_stand_after_what_they_point_to() {
        let graph = vec![vec![1], vec![2, 3], vec![1], vec![], vec![4]];
        let found = components(&graph);
        assert_eq!(found, [vec![3], vec![1, 2], vec![0], vec![4]]);
        let cycles: Vec<bool> = found.iter().map(|part| is_cycle(&graph, part)).collect();
        assert_eq!(cycles, [false, true, false, true]);
    }

    #[test]
    fn a_long_chain_takes_no_stack() {
        let len = 200_000;
        let graph: Graph = (0..len).map(|node| vec![(node + 1) % len]).collect();
        assert_eq!(components(&graph).len(), 1);
    }
}
