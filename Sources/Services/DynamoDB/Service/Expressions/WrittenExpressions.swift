internal import DynamoDBValues
internal import Primitives
internal import Synchronization

/// A cache of parsed expressions: programs send the same few texts again and again.
///
/// Only what depends on the text alone is cached. Names and values, and errors in them, are checked in each request;
/// texts that cannot be parsed are not cached.
final class WrittenExpressions<Content: Sendable>: Sendable {
    /// The largest number of expressions in the cache.
    static var countMax: Int { 512 }
    /// Longer texts are not cached: a tree takes at most about fifty times its text.
    static var textBytesMax: Int { 256 }

    /// A parsed expression and its content; shared by all who use it.
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

    /// By the hash of kind and text; the bytes are compared then, so that a lookup need not copy the text. `Hasher` is
    /// seeded at random in each process, so that nobody can choose texts that collide.
    private let recent = Mutex(RecentObjects(countMax: WrittenExpressions.countMax))

    /// The expression of that text, parsed by `read` if it is not cached.
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
