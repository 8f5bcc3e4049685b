internal import DynamoDBValues

/// A parsed PartiQL statement: one of the five that DynamoDB executes.
enum PartiQLStatement: Sendable {
    case select(PartiQLSelect)
    case insert(PartiQLInsert)
    case update(PartiQLUpdate)
    case delete(PartiQLDelete)
    /// A condition of a transaction.
    case exists(PartiQLSelect)

    /// The table, and for a SELECT the index.
    var source: PartiQLSource {
        switch self {
        case .select(let select), .exists(let select): select.source
        case .insert(let insert): PartiQLSource(table: insert.table)
        case .update(let update): PartiQLSource(table: update.table)
        case .delete(let delete): PartiQLSource(table: delete.table)
        }
    }

    var isRead: Bool {
        if case .select = self { true } else { false }
    }

    var returning: PartiQLReturning? {
        switch self {
        case .update(let update): update.returning
        case .delete(let delete): delete.returning
        case .select, .insert, .exists: nil
        }
    }

    /// The IAM action.
    /// - Source: DynamoDB Developer Guide, "IAM security policies with PartiQL for DynamoDB".
    var action: String {
        switch self {
        case .select, .exists: "dynamodb:PartiQLSelect"
        case .insert: "dynamodb:PartiQLInsert"
        case .update: "dynamodb:PartiQLUpdate"
        case .delete: "dynamodb:PartiQLDelete"
        }
    }
}

/// The source of a SELECT: a table, or one of its indexes.
struct PartiQLSource: Sendable, Equatable {
    var table: String
    var index: String?
}

/// `SELECT columns FROM source WHERE condition ORDER BY keys`.
struct PartiQLSelect: Sendable {
    /// One column of the answer.
    struct Column: Sendable {
        let path: [PathStep]

        /// The column's name in the answer: the path from its last name on.
        ///
        /// - Source: answers of AWS: `SELECT a.b[0]` gives `b[0]`.
        var name: String {
            let start = self.path.lastIndex { !$0.isIndex } ?? 0
            return self.path[start...].map(\.text).joined()
        }
    }

    struct Order: Sendable {
        let name: String
        let isDescending: Bool

        /// Compares bytes: Unicode-equivalent strings are different names.
        func isBy(_ element: KeyElement) -> Bool {
            self.name.utf8.elementsEqual(element.name.utf8)
        }
    }

    /// nil for `*`.
    let columns: [Column]?
    let source: PartiQLSource
    let condition: PartiQLExpression?
    let order: [Order]
}

/// `INSERT INTO table VALUE item`.
struct PartiQLInsert: Sendable {
    let table: String
    let item: PartiQLExpression
}

/// `UPDATE table SET path = value REMOVE path WHERE condition RETURNING …`.
struct PartiQLUpdate: Sendable {
    /// One assignment, or one removal.
    struct Change: Sendable {
        let path: [PathStep]
        /// nil for a removal.
        let value: PartiQLExpression?
    }

    let table: String
    let changes: [Change]
    let condition: PartiQLExpression?
    let returning: PartiQLReturning?
}

/// `DELETE FROM table WHERE condition RETURNING ALL OLD *`.
struct PartiQLDelete: Sendable {
    let table: String
    let condition: PartiQLExpression?
    let returning: PartiQLReturning?
}

/// What a write returns.
enum PartiQLReturning: String, Sendable {
    case allOld = "ALL OLD"
    case allNew = "ALL NEW"
    case modifiedOld = "MODIFIED OLD"
    case modifiedNew = "MODIFIED NEW"
}

/// An expression of a statement. Its depth is bounded by the parser.
indirect enum PartiQLExpression: Sendable {
    case text(String)
    /// As written, including the sign.
    case number(String)
    case boolean(Bool)
    case null
    /// The `?` at that position, counted from 0.
    case parameter(Int)
    case list([PartiQLExpression])
    case set([PartiQLExpression])
    case map([(name: String, value: PartiQLExpression)])
    case path([PathStep])
    /// A function with its name in lower case.
    case call(String, [PartiQLExpression])
    /// `plus` or `minus`.
    case arithmetic(ExpressionToken.Kind, PartiQLExpression, PartiQLExpression)
    case comparison(ExpressionToken.Kind, PartiQLExpression, PartiQLExpression)
    case between(PartiQLExpression, PartiQLExpression, PartiQLExpression)
    case oneOf(PartiQLExpression, [PartiQLExpression])
    case isMissing(PartiQLExpression)
    /// `IS` with the type's name; several types if PartiQL's type corresponds to more than one of DynamoDB's.
    case isType(PartiQLExpression, [AttributeType])
    case not(PartiQLExpression)
    case and([PartiQLExpression])
    case or([PartiQLExpression])

    /// Whether the value is determined by the statement and its parameters alone.
    var isConstant: Bool {
        switch self {
        case .text, .number, .boolean, .null, .parameter, .list, .set, .map: true
        default: false
        }
    }

    /// The attribute's name if this is a path of one step.
    var attributeName: String? {
        guard case .path(let path) = self, path.count == 1, case .name = path[0] else { return nil }
        return path[0].text
    }

    /// Whether this is the attribute of that name; compares bytes: Unicode-equivalent strings are different names.
    func isAttribute(_ name: String) -> Bool {
        self.attributeName?.utf8.elementsEqual(name.utf8) ?? false
    }

    /// The conjuncts: the parts of an `AND`, or this expression alone.
    var conjuncts: [PartiQLExpression] {
        if case .and(let parts) = self { parts } else { [self] }
    }
}
