internal import DynamoDBValues
internal import Primitives
internal import Synchronization

/// Expressions that were read before: programs send the same few texts again and again.
///
/// Kept is what hangs on the text alone. Names and values, and whatever is wrong with them, are looked at in each
/// request; what could not be read is read again.
final class WrittenExpressions<Content: Sendable>: Sendable {
    /// Expressions held at most.
    static var countMax: Int { 512 }
    /// Longer ones are not kept: a tree takes some fifty times its text at most.
    static var textBytesMax: Int { 256 }

    /// An expression as read, and what it says; one object for all who use it.
    final class Written: Sendable {
        let kind: ExpressionKind
        let tree: SyntaxTree
        let content: Content

        init(_ kind: ExpressionKind, _ tree: SyntaxTree, _ content: Content) {
            self.kind = kind
            self.tree = tree
            self.content = content
        }
    }

    /// By the hash of kind and text, whose bytes are compared then: the text need not be copied to be looked up.
    /// `Hasher` is seeded at random in each process, so nobody can choose texts that collide.
    private let recent = Mutex(RecentObjects(countMax: WrittenExpressions.countMax))

    /// The expression of that text, read by `read` where it is not held.
    func expression(
        _ text: String, _ kind: ExpressionKind,
        read: ([UInt8]) throws(ValidationFailure) -> (SyntaxTree, Content)
    ) throws(ValidationFailure) -> Written {
        let span = text.utf8.span
        guard span.count <= Self.textBytesMax else { return try self.read(text, kind, read) }
        var hasher = Hasher()
        hasher.combine(kind)
        unsafe span.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        let hash = hasher.finalize()
        if let held = self.recent.withLock({ $0.object(for: hash) }) as? Written, held.kind == kind {
            let heldText = held.tree.text
            if ByteScan.areEqual(heldText.span, span) { return held }
        }
        let written = try self.read(text, kind, read)
        self.recent.withLock { $0.insert(written, for: hash) }
        return written
    }

    private func read(
        _ text: String, _ kind: ExpressionKind,
        _ read: ([UInt8]) throws(ValidationFailure) -> (SyntaxTree, Content)
    ) throws(ValidationFailure) -> Written {
        let bytes = Array(text.utf8)
        try kind.checkSize(bytes)
        let (tree, content) = try read(bytes)
        return Written(kind, tree, content)
    }
}
