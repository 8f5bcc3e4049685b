internal import DynamoDBValues

/// The second pass of checks on a parsed expression: placeholders, operands and their types. Resolves names and values.
struct OperandCheck {
    private let kind: ExpressionKind
    private var tree: SyntaxTree
    /// nil for a tree whose names and values are resolved already.
    private var context: ExpressionContext?

    init(_ kind: ExpressionKind, _ tree: SyntaxTree, _ context: ExpressionContext) {
        self.kind = kind
        self.tree = tree
        self.context = context
        self.tree.steps = [PathStep](repeating: .index(0), count: tree.writtenSteps.count)
    }

    /// For trees made without placeholders.
    init(_ kind: ExpressionKind, resolved tree: SyntaxTree) {
        self.kind = kind
        self.tree = tree
        self.context = nil
    }

    /// The tree, if there were no placeholders to resolve.
    consuming func finishResolved() -> SyntaxTree {
        self.tree
    }

    /// The resolved tree, and the context with its marks of use.
    consuming func finish() -> (SyntaxTree, ExpressionContext) {
        guard let context = self.context else { preconditionFailure("a check without placeholders has no context") }
        return (self.tree, context)
    }

    mutating func condition(_ root: Int32) throws(ValidationFailure) {
        try self.visit(root)
    }

    /// The targets' names and overlaps, then the actions from the last to the first: names, then values.
    mutating func update(_ actions: [WrittenAction]) throws(ValidationFailure) {
        for action in actions { try self.path(action.path) }
        try PathOverlap.check(actions.map { self.tree.path(self.tree.nodes[Int($0.path)]) }, .update)
        for action in actions.reversed() {
            if let value = action.value { try self.names(value) }
        }
        for action in actions.reversed() {
            guard let value = action.value else { continue }
            try self.visit(value)
            if action.section == .add || action.section == .delete {
                try self.checkAddedOrDeleted(action.section, self.tree.value(self.tree.nodes[Int(value)]).type)
            }
        }
    }

    private func checkAddedOrDeleted(_ section: UpdateSection, _ type: AttributeType) throws(ValidationFailure) {
        guard !type.isSet, section == .delete || type != .n else { return }
        throw self.kind.invalid(
            "Incorrect operand type for operator or function; operator: \(section.name), operand type: "
                + "\(Self.longName(type)), typeSet: ALLOWED_FOR_\(section.name)_OPERAND"
        )
    }

    private static func longName(_ type: AttributeType) -> String {
        switch type {
        case .s: "STRING"
        case .n: "NUMBER"
        case .b: "BINARY"
        case .bool: "BOOLEAN"
        case .null: "NULL"
        case .l: "LIST"
        case .m: "MAP"
        case .ss, .ns, .bs: type.descriptor
        }
    }

    private mutating func visit(_ index: Int32) throws(ValidationFailure) {
        let node = self.tree.nodes[Int(index)]
        switch node.kind {
        case .path:
            try self.path(index)
        case .value:
            try self.value(index, node)
        case .function where self.kind == .update:
            try Self.operandCount(node, self.kind)
            try self.visitChildren(node)
            try self.function(node)
        case .function:
            try self.visitChildren(node)
            try self.function(node)
        case .group, .or, .and, .not:
            try self.visitChildren(node)
        case .comparison:
            try self.visitChildren(node)
            try self.checkDistinct(node, node.symbol.symbol)
            if node.symbol != .equal, node.symbol != .notEqual { try self.checkOrdered(node) }
        case .between:
            try self.visitChildren(node)
            try self.checkDistinct(node, node.symbol.symbol)
            try self.checkOrdered(node)
            try self.checkBounds(node)
        case .oneOf:
            try self.visitChildren(node)
            guard node.count - 1 <= ExpressionKind.inOperandCountMax else {
                throw self.kind.invalid(
                    "The IN operator is provided with too many operands; number of operands: \(node.count - 1)"
                )
            }
            try self.checkDistinct(node, node.symbol.symbol)
        case .arithmetic:
            try self.visitChildren(node)
            try self.checkTypes(node, node.symbol.symbol) { $0 == .n }
        }
    }

    private mutating func visitChildren(_ node: SyntaxNode) throws(ValidationFailure) {
        for child in self.tree.children(of: node) { try self.visit(child) }
    }

    /// Resolves the names below a node.
    private mutating func names(_ index: Int32) throws(ValidationFailure) {
        let node = self.tree.nodes[Int(index)]
        switch node.kind {
        case .path: try self.resolve(node)
        case .value: break
        default: for child in self.tree.children(of: node) { try self.names(child) }
        }
    }

    mutating func path(_ index: Int32) throws(ValidationFailure) {
        let node = self.tree.nodes[Int(index)]
        try self.resolve(node)
        guard node.count <= ExpressionKind.pathStepCountMax else {
            throw self.kind.invalid("The document path has too many nesting levels; nesting levels: \(node.count)")
        }
    }

    private mutating func resolve(_ node: SyntaxNode) throws(ValidationFailure) {
        guard self.context != nil else { return }
        for index in node.run {
            let step = self.tree.writtenSteps[index]
            let text = self.tree.bytes(step.token)
            switch step.kind {
            case .name: self.tree.steps[index] = .name(text)
            case .index: self.tree.steps[index] = .index(Self.integer(text))
            case .placeholder:
                guard let name = self.context?.attributeName(text) else {
                    throw self.kind.invalid(
                        "An expression attribute name used in the document path is not defined; attribute name: "
                            + self.tree.quote(step.token)
                    )
                }
                self.tree.steps[index] = .name(name[...])
            }
        }
    }

    private mutating func value(_ index: Int32, _ node: SyntaxNode) throws(ValidationFailure) {
        guard self.context != nil else { return }
        guard let value = self.context?.attributeValue(self.tree.bytes(node.token)) else {
            throw self.kind.invalid(
                "An expression attribute value used in expression is not defined; attribute value: "
                    + self.tree.quote(node.token)
            )
        }
        self.tree.nodes[Int(index)].first = Int32(self.tree.values.count)
        self.tree.values.append(value)
    }

    /// Ten digits at most, as ensured by `PlaceCheck`.
    static func integer(_ digits: ArraySlice<UInt8>) -> Int {
        digits.reduce(0) { $0 &* 10 &+ Int($1 &- UInt8(ascii: "0")) }
    }

    /// The type of an operand, if it does not depend on the item.
    private func type(_ index: Int32) -> AttributeType? {
        let node = self.tree.bare(index)
        switch node.kind {
        case .value: return self.tree.value(node).type
        case .function where node.function == .size: return .n
        default: return nil
        }
    }

    static func operandCount(_ node: SyntaxNode, _ kind: ExpressionKind) throws(ValidationFailure) {
        guard Int(node.count) != node.function.operandCount else { return }
        throw kind.invalid(
            "Incorrect number of operands for operator or function; operator or function: \(node.function.name), "
                + "number of operands: \(node.count)"
        )
    }

    private func wrongType(_ name: String, _ type: String) -> ValidationFailure {
        self.kind.invalid(
            "Incorrect operand type for operator or function; operator or function: \(name), operand type: \(type)"
        )
    }

    private func checkTypes(
        _ node: SyntaxNode, _ name: String, _ isAllowed: (AttributeType) -> Bool
    ) throws(ValidationFailure) {
        for child in self.tree.children(of: node) {
            if let type = self.type(child), !isAllowed(type) { throw self.wrongType(name, type.descriptor) }
        }
    }

    private func checkOrdered(_ node: SyntaxNode) throws(ValidationFailure) {
        try self.checkTypes(node, node.symbol.symbol) { $0 == .s || $0 == .n || $0 == .b }
    }

    /// Refuses a path that is both the first and another operand.
    private func checkDistinct(_ node: SyntaxNode, _ name: String) throws(ValidationFailure) {
        let operands = self.tree.children(of: node)
        guard let firstIndex = operands.first else { return }
        let first = self.tree.bare(firstIndex)
        guard first.kind == .path else { return }
        let path = self.tree.path(first)
        for operand in operands.dropFirst() {
            let other = self.tree.bare(operand)
            guard other.kind == .path, self.tree.path(other) == path else { continue }
            throw self.kind.invalid(
                "The first operand must be distinct from the remaining operands for this operator or function; "
                    + "operator: \(name), first operand: \(path.pathText)"
            )
        }
    }

    private func checkBounds(_ node: SyntaxNode) throws(ValidationFailure) {
        let operands = Array(self.tree.children(of: node))
        let lower = self.tree.bare(operands[1])
        let upper = self.tree.bare(operands[2])
        guard lower.kind == .value, upper.kind == .value else { return }
        let (low, high) = (self.tree.value(lower), self.tree.value(upper))
        let rule: String
        if low.type != high.type {
            rule = "same data type for lower and upper bounds"
        } else if let order = low.order(against: high), order > 0 {
            rule = "upper bound to be greater than or equal to lower bound"
        } else {
            return
        }
        throw self.kind.invalid(
            "The BETWEEN operator requires \(rule); lower bound operand: AttributeValue: \(low.boundText), "
                + "upper bound operand: AttributeValue: \(high.boundText)"
        )
    }

    private func function(_ node: SyntaxNode) throws(ValidationFailure) {
        let operands = self.tree.children(of: node)
        let name = node.function.name
        if node.function.needsPath, let first = operands.first, self.tree.bare(first).kind != .path {
            throw self.kind.invalid("Operator or function requires a document path; operator or function: \(name)")
        }
        if node.function != .listAppend { try self.checkDistinct(node, name) }
        switch node.function {
        case .size: try self.checkTypes(node, name) { $0 != .n && $0 != .bool && $0 != .null }
        case .beginsWith: try self.checkTypes(node, name) { $0 == .s || $0 == .b }
        case .listAppend: try self.checkTypes(node, name) { $0 == .l }
        case .attributeType: try self.attributeType(self.tree.bare(operands[operands.startIndex + 1]))
        case .attributeExists, .attributeNotExists, .contains, .ifNotExists, .unknown: break
        }
    }

    /// The second operand of `attribute_type` is a value that names a type.
    private func attributeType(_ operand: SyntaxNode) throws(ValidationFailure) {
        let name = ExpressionFunction.attributeType.name
        guard operand.kind == .value else {
            throw self.wrongType(name, operand.kind == .function ? "N" : "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
        }
        let value = self.tree.value(operand)
        guard value.type == .s else { throw self.wrongType(name, value.type.descriptor) }
        let text = String(decoding: value.content, as: UTF8.self)
        guard AttributeType(descriptor: text) != nil else {
            throw self.kind.invalid(
                "Invalid attribute type name found; type: \(text), valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
            )
        }
    }
}

extension StoredValue {
    /// The form of a value in messages about bounds.
    fileprivate var boundText: String {
        switch self.type {
        case .b: "{B:java.nio.HeapByteBuffer[pos=0 lim=\(self.content.count) cap=\(self.content.count)]}"
        case .bool: "{BOOL:\(self.boolean)}"
        case .null: "{NULL:true}"
        default: "{\(self.type.descriptor):\(String(decoding: self.content, as: UTF8.self))}"
        }
    }
}
