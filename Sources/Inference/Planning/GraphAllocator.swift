/// Simulates ggml's memory allocation for the intermediate results of a graph, to predict the size of its buffer.
///
/// Results are placed in the order of the graph; each is freed after its last reader, and new ones take the smallest
/// block that fits. The peak is the size that the engine logs as its compute buffer. Weights and caches are allocated
/// elsewhere and not part of the simulation.
/// - Source: ggml's `ggml-alloc.c`, followed in its rules and checked against logs of llama.cpp.
struct GraphAllocator {
    /// A handle for a result of the graph.
    typealias Tensor = Int

    private struct Node {
        var bytes: UInt64
        var sources: [Tensor]
        /// The result whose memory this one is a view of.
        var root: Tensor?
        /// Whether it may overwrite its first source.
        var isReusing = false
        /// Provided by the caller of the graph: placed before everything else.
        var isInput = false
        /// Never freed.
        var isKept = false
        /// Has no memory of its own.
        var isElsewhere = false
        var childCount = 0
        var viewCount = 0
        var isPlaced = false
        var offset: UInt64 = 0
    }

    private var nodes: [Node] = []
    private var freeList = FreeList()

    /// An input that the caller of the graph provides, such as positions.
    mutating func input(_ bytes: UInt64, isKept: Bool = false) -> Tensor {
        self.nodes.append(Node(bytes: bytes, sources: [], isInput: true, isKept: isKept))
        return self.nodes.count - 1
    }

    /// A result with its own memory.
    mutating func result(
        _ bytes: UInt64, _ sources: Tensor..., isReusing: Bool = false, isKept: Bool = false
    ) -> Tensor {
        self.nodes.append(Node(bytes: bytes, sources: sources, isReusing: isReusing, isKept: isKept))
        return self.nodes.count - 1
    }

    /// A view of a result: another shape, or a part of it.
    mutating func view(_ source: Tensor) -> Tensor {
        let root = self.nodes[source].root ?? source
        self.nodes.append(Node(bytes: 0, sources: [source], root: root))
        return self.nodes.count - 1
    }

    /// A step that reads the sources and writes to existing memory, such as the cache.
    mutating func store(_ sources: Tensor...) {
        self.nodes.append(Node(bytes: 0, sources: sources, isElsewhere: true))
    }

    /// The peak memory of the whole graph.
    mutating func peakBytes() -> UInt64 {
        for index in self.nodes.indices {
            if let root = self.nodes[index].root { self.nodes[root].viewCount += 1 }
            if self.nodes[index].isInput { self.place(index) }
            for source in self.nodes[index].sources { self.nodes[source].childCount += 1 }
        }
        for index in self.nodes.indices {
            self.place(index)
            for source in self.nodes[index].sources { self.release(source) }
        }
        return self.freeList.bytesMax
    }

    private mutating func place(_ index: Tensor) {
        let node = self.nodes[index]
        guard !node.isPlaced, !node.isElsewhere, node.root == nil else { return }
        self.nodes[index].isPlaced = true
        if node.isReusing {
            for source in node.sources where self.isGivenUp(source, to: node) {
                self.nodes[index].offset = self.nodes[source].offset
                self.nodes[source].isPlaced = false
                return
            }
        }
        self.nodes[index].offset = self.freeList.allocate(node.bytes)
    }

    /// Whether a result has no other readers and the same size, so that its memory can be overwritten.
    private func isGivenUp(_ source: Tensor, to node: Node) -> Bool {
        let parent = self.nodes[source]
        return parent.root == nil && !parent.isKept && !parent.isElsewhere && parent.isPlaced
            && parent.bytes == node.bytes && parent.childCount == 1 && parent.viewCount == 0
    }

    /// One reader of a result has finished.
    private mutating func release(_ source: Tensor) {
        self.nodes[source].childCount -= 1
        guard self.nodes[source].childCount == 0, self.nodes[source].viewCount == 0 else { return }
        guard let root = self.nodes[source].root else { return self.giveUp(source) }
        self.nodes[root].viewCount -= 1
        if self.nodes[root].viewCount == 0, self.nodes[root].childCount == 0 { self.giveUp(root) }
    }

    private mutating func giveUp(_ index: Tensor) {
        let node = self.nodes[index]
        guard node.isPlaced, !node.isKept else { return }
        self.freeList.free(node.offset, node.bytes)
        self.nodes[index].isPlaced = false
    }
}

/// The free blocks of an unlimited buffer.
private struct FreeList {
    /// The alignment of tensors. llama.cpp's CPU buffers use 64, CUDA's 128: the difference does not matter.
    private static let alignmentBytes: UInt64 = 64

    private struct FreeBlock {
        var offset: UInt64
        var bytes: UInt64
    }

    /// Ordered by offset; the last one is the rest of the buffer.
    private var freeBlocks = [FreeBlock(offset: 0, bytes: 1 << 60)]
    private(set) var bytesMax: UInt64 = 0

    /// The smallest block that fits, the last one of equal size; otherwise the rest.
    mutating func allocate(_ bytes: UInt64) -> UInt64 {
        let size = Self.padded(bytes)
        var best = self.freeBlocks.count - 1
        var bestBytes = UInt64.max
        for index in self.freeBlocks.indices.dropLast() {
            let block = self.freeBlocks[index].bytes
            if block >= size, block <= bestBytes { (best, bestBytes) = (index, block) }
        }
        let offset = self.freeBlocks[best].offset
        self.freeBlocks[best].offset += size
        self.freeBlocks[best].bytes -= size
        if self.freeBlocks[best].bytes == 0 { self.freeBlocks.remove(at: best) }
        self.bytesMax = max(self.bytesMax, offset + size)
        return offset
    }

    mutating func free(_ offset: UInt64, _ bytes: UInt64) {
        let size = Self.padded(bytes)
        guard size > 0 else { return }
        let index = self.freeBlocks.firstIndex { $0.offset > offset } ?? self.freeBlocks.count
        self.freeBlocks.insert(FreeBlock(offset: offset, bytes: size), at: index)
        self.join(index)
        if index > 0 { self.join(index - 1) }
    }

    /// Merges two adjacent free blocks.
    private mutating func join(_ index: Int) {
        guard index + 1 < self.freeBlocks.count else { return }
        let (block, following) = (self.freeBlocks[index], self.freeBlocks[index + 1])
        guard block.offset + block.bytes == following.offset else { return }
        self.freeBlocks[index].bytes += following.bytes
        self.freeBlocks.remove(at: index + 1)
    }

    private static func padded(_ bytes: UInt64) -> UInt64 {
        (bytes + self.alignmentBytes - 1) / self.alignmentBytes * self.alignmentBytes
    }
}
