internal import DynamoDBValues

/// The four sections of an update expression.
package enum UpdateSection: UInt8, Sendable {
    case set
    case remove
    case add
    case delete

    var name: String {
        switch self {
        case .set: "SET"
        case .remove: "REMOVE"
        case .add: "ADD"
        case .delete: "DELETE"
        }
    }
}

/// One parsed action of an update.
struct WrittenAction {
    let section: UpdateSection
    /// The index of its section in the text; a repeated `SET` counts again.
    let clause: Int
    let path: Int32
    /// The operand: the value to set, add or delete.
    let value: Int32?
}

extension ExpressionParser {
    /// Parses an update expression.
    static func update(_ text: [UInt8]) throws(ValidationFailure) -> (SyntaxTree, actions: [WrittenAction]) {
        var parser = ExpressionParser(.update, text)
        var actions: [WrittenAction] = []
        var clause = 0
        repeat {
            guard let section = parser.section else { throw parser.syntaxError() }
            parser.advance()
            repeat {
                actions.append(try parser.action(section, clause))
            } while parser.take(.comma)
            clause += 1
        } while parser.current != .end
        try parser.checkOperatorCount()
        return (parser.tree, actions)
    }

    private var section: UpdateSection? {
        switch self.current {
        case .set: .set
        case .remove: .remove
        case .add: .add
        case .delete: .delete
        default: nil
        }
    }

    private mutating func action(_ section: UpdateSection, _ clause: Int) throws(ValidationFailure) -> WrittenAction {
        let path = try self.path()
        var value: Int32?
        switch section {
        case .set:
            try self.expect(.equal)
            value = try self.setValue()
        case .remove:
            break
        case .add, .delete:
            guard self.current == .valuePlaceholder else { throw self.syntaxError() }
            value = self.value()
        }
        return WrittenAction(section: section, clause: clause, path: path, value: value)
    }

    /// An operand, or the sum or difference of two.
    mutating func setValue() throws(ValidationFailure) -> Int32 {
        let left = try self.operand()
        let symbol = self.current
        guard symbol == .plus || symbol == .minus else { return left }
        let token = self.index
        self.tree.operatorCount += 1
        self.advance()
        let right = try self.operand()
        return self.tree.append(.arithmetic, at: token, [left, right], symbol: symbol)
    }
}
