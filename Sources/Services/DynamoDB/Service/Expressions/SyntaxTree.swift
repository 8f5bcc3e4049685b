internal import DynamoDBValues

/// A parsed expression: nodes in an arena, so that a request needs few allocations and checks walk indices.
///
/// The checks that resolve placeholders fill `steps` and `values`; evaluation then needs no text.
struct SyntaxTree: Sendable {
    let text: [UInt8]
    let tokens: [ExpressionToken]
    var nodes: [SyntaxNode] = []
    /// The children of all nodes; those of one node are contiguous.
    var children: [Int32] = []
    /// The steps of all paths as written; those of one path are contiguous.
    var writtenSteps: [WrittenStep] = []
    /// `writtenSteps` with placeholders replaced; the same count once resolved.
    var steps: [PathStep] = []
    /// The values of all `:placeholders`, in the order of resolution.
    var values: [StoredValue] = []
    /// The number of operators and functions.
    var operatorCount = 0

    init(_ text: [UInt8]) {
        self.text = text
        self.tokens = ExpressionLexer.tokens(text)
        self.nodes.reserveCapacity(self.tokens.count)
        self.children.reserveCapacity(self.tokens.count)
    }

    /// The empty tree, left behind when a tree is moved.
    static let none = SyntaxTree([])

    /// The text of a token, as quoted in messages.
    func quote(_ token: Int32) -> String {
        let token = self.tokens[Int(token)]
        return token.kind == .end ? "<EOF>" : String(decoding: self.text[token.range], as: UTF8.self)
    }

    func bytes(_ token: Int32) -> ArraySlice<UInt8> {
        self.text[self.tokens[Int(token)].range]
    }

    func children(of node: SyntaxNode) -> ArraySlice<Int32> {
        self.children[node.run]
    }

    /// The node without the parentheses around it.
    func bare(_ index: Int32) -> SyntaxNode {
        var node = self.nodes[Int(index)]
        while node.kind == .group { node = self.nodes[Int(self.children[Int(node.first)])] }
        return node
    }

    /// The resolved steps of a path node.
    func path(_ node: SyntaxNode) -> ArraySlice<PathStep> {
        self.steps[node.run]
    }

    /// The resolved value of a value node.
    func value(_ node: SyntaxNode) -> StoredValue {
        self.values[Int(node.first)]
    }

    mutating func append(
        _ kind: SyntaxNode.Kind, at token: Int, _ children: [Int32], symbol: ExpressionToken.Kind = .unknown,
        function: ExpressionFunction = .unknown
    ) -> Int32 {
        let first = Int32(self.children.count)
        self.children.append(contentsOf: children)
        return self.append(
            SyntaxNode(
                kind: kind, symbol: symbol, function: function, token: Int32(token), first: first,
                count: Int32(children.count)
            )
        )
    }

    mutating func append(_ node: SyntaxNode) -> Int32 {
        self.nodes.append(node)
        return Int32(self.nodes.count - 1)
    }
}

/// A node of a `SyntaxTree`.
struct SyntaxNode: Sendable {
    enum Kind: UInt8, Sendable {
        case or
        case and
        case not
        /// Parentheses around a condition or an operand.
        case group
        /// Two operands and a comparator.
        case comparison
        /// The operand and its bounds.
        case between
        /// The operand and the candidates of `IN`.
        case oneOf
        case function
        /// `+` or `-`.
        case arithmetic
        case path
        case value
    }

    let kind: Kind
    /// The operator of a comparison or an arithmetic node.
    let symbol: ExpressionToken.Kind
    let function: ExpressionFunction
    /// The token that stands for the node in messages.
    let token: Int32
    /// The index of the first child or path step; of a resolved value, its index in `values`.
    var first: Int32
    let count: Int32

    var run: Range<Int> { Int(self.first)..<Int(self.first + self.count) }

    /// Whether the node can be a condition.
    var isCondition: Bool {
        switch self.kind {
        case .or, .and, .not, .comparison, .between, .oneOf, .function: true
        case .group, .arithmetic, .path, .value: false
        }
    }

    /// Whether the node can be an operand.
    var isOperand: Bool {
        self.kind == .function || self.kind == .path || self.kind == .value || self.kind == .arithmetic
    }
}

/// The functions of all kinds of expressions; names are case-sensitive.
enum ExpressionFunction: UInt8, Sendable, CaseIterable {
    case attributeExists
    case attributeNotExists
    case attributeType
    case beginsWith
    case contains
    case size
    case ifNotExists
    case listAppend
    case unknown

    var name: String {
        switch self {
        case .attributeExists: "attribute_exists"
        case .attributeNotExists: "attribute_not_exists"
        case .attributeType: "attribute_type"
        case .beginsWith: "begins_with"
        case .contains: "contains"
        case .size: "size"
        case .ifNotExists: "if_not_exists"
        case .listAppend: "list_append"
        case .unknown: ""
        }
    }

    var operandCount: Int {
        switch self {
        case .attributeExists, .attributeNotExists, .size: 1
        default: 2
        }
    }

    var isOfUpdates: Bool { self == .ifNotExists || self == .listAppend }

    /// Whether the function returns a boolean, so that it is a condition by itself.
    var isCondition: Bool { !self.isOfUpdates && self != .size && self != .unknown }

    /// Whether the first operand must be a document path.
    var needsPath: Bool {
        switch self {
        case .attributeExists, .attributeNotExists, .attributeType, .ifNotExists: true
        default: false
        }
    }

    init(_ name: ArraySlice<UInt8>) {
        self = Self.allCases.first { $0.name.utf8.elementsEqual(name) } ?? .unknown
    }
}

/// A step of a path as written.
struct WrittenStep: Sendable {
    enum Kind: UInt8, Sendable {
        case name
        case placeholder
        case index
    }

    let kind: Kind
    let token: Int32
}

/// A step of a document path.
package enum PathStep: Sendable, Hashable {
    case name(ArraySlice<UInt8>)
    case index(Int)

    var isIndex: Bool {
        if case .index = self { true } else { false }
    }

    /// All bytes of a name at once, not one by one: a short expression can name attributes of 64 KiB hundreds of times.
    package func hash(into hasher: inout Hasher) {
        switch self {
        case .name(let name): unsafe name.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        case .index(let index): hasher.combine(index)
        }
    }

    /// The form in messages: `name`, `[3]`.
    var text: String {
        switch self {
        case .name(let name): String(decoding: name, as: UTF8.self)
        case .index(let index): "[\(index)]"
        }
    }
}

extension Sequence<PathStep> {
    /// The form of a path in messages: `[a, b, [3]]`, truncated: a short expression can name attributes of 64 KiB.
    var pathText: String {
        "[" + EchoedList.text(self.lazy.map(\.text)) + "]"
    }
}
