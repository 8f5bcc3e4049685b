internal import DynamoDBValues

extension PartiQLParser {
    /// One statement, up to its end.
    mutating func statement() throws(ValidationFailure) -> PartiQLStatement {
        switch self.keyword {
        case .select:
            return .select(try self.select())
        case .insert:
            self.advance()
            return .insert(try self.insert())
        case .update:
            self.advance()
            return .update(try self.update())
        case .delete:
            self.advance()
            return .delete(try self.delete())
        case .exists:
            self.advance()
            try self.expect(.leftParenthesis, "Expected LEFT_PAREN")
            guard self.keyword == .select else { throw self.unexpected }
            let select = try self.select()
            try self.expect(.rightParenthesis, "Expected RIGHT_PAREN")
            return .exists(select)
        default:
            throw .malformedStatement("Expected data manipulation")
        }
    }

    // SELECT

    private mutating func select() throws(ValidationFailure) -> PartiQLSelect {
        self.advance()
        let columns = try self.columns()
        guard self.take(.from) else { throw .malformedStatement("Expected FROM after SELECT list") }
        guard self.kind != .symbol(.leftParenthesis) else { throw try self.subquery() }
        let source = try self.source()
        try self.refuseAlias()
        if self.kind == .symbol(.comma) || self.keyword == .join {
            // DEVIATION: AWS's wording is not known, nor that of the clauses below.
            throw ValidationFailure("Only select from a single table or index is supported.")
        }
        let condition = try self.condition()
        let order = try self.order()
        if self.take(.limit) {
            let index = self.index
            _ = try self.expression()
            throw ValidationFailure("Unsupported clause: LIMIT at \(self.position(of: index))")
        }
        if let clause = self.keyword, clause.isUnsupportedClause {
            throw ValidationFailure("Unsupported clause: \(clause.rawValue.uppercased())")
        }
        return PartiQLSelect(columns: columns, source: source, condition: condition, order: order)
    }

    /// The refusal of a table in parentheses, which are read to their end.
    private mutating func subquery() throws(ValidationFailure) -> ValidationFailure {
        try self.enter()
        defer { self.leave() }
        self.advance()
        if self.keyword == .select { _ = try self.select() } else { _ = try self.expression() }
        try self.expect(.rightParenthesis, "Expected RIGHT_PAREN")
        // DEVIATION: AWS's wording for a whole subquery is not known.
        return ValidationFailure("Only select from a single table or index is supported.")
    }

    private mutating func columns() throws(ValidationFailure) -> [PartiQLSelect.Column]? {
        var columns: [PartiQLSelect.Column] = []
        var hasStar = false
        repeat {
            if self.take(.star) {
                hasStar = true
            } else {
                guard case .path(let path) = try self.expression() else {
                    // DEVIATION: AWS's wording for functions and arithmetic in the list is not known.
                    throw ValidationFailure("Only attribute names and document paths are supported in the SELECT list")
                }
                columns.append(PartiQLSelect.Column(path: path))
            }
            try self.refuseAlias()
        } while self.take(.comma)
        guard hasStar else { return columns }
        guard columns.isEmpty else {
            throw .malformedStatement(
                "Other expressions may not be present in the select list when '*' is used without dot notation."
            )
        }
        return nil
    }

    /// DynamoDB does not support aliases of columns and tables.
    private func refuseAlias() throws(ValidationFailure) {
        switch self.kind {
        case .name, .quotedName, .keyword(.as), .keyword(.at), .keyword(.by):
            throw ValidationFailure("Aliasing is not supported")
        default:
            return
        }
    }

    private mutating func source() throws(ValidationFailure) -> PartiQLSource {
        guard let table = self.name() else { throw self.unexpected }
        guard self.take(.dot) else { return PartiQLSource(table: table) }
        guard let index = self.name() else { throw .malformedStatement("Invalid path dot component") }
        guard self.kind != .symbol(.dot) else {
            throw ValidationFailure("A path may contain at most 2 components in the FROM clause")
        }
        return PartiQLSource(table: table, index: index)
    }

    private mutating func condition() throws(ValidationFailure) -> PartiQLExpression? {
        self.take(.where) ? try self.expression() : nil
    }

    private mutating func order() throws(ValidationFailure) -> [PartiQLSelect.Order] {
        guard self.take(.order) else { return [] }
        guard self.take(.by) else { throw .malformedStatement("Expected BY") }
        var order: [PartiQLSelect.Order] = []
        repeat {
            guard let name = try self.expression().attributeName else {
                // DEVIATION: AWS's wording is not known.
                throw ValidationFailure("Argument to ORDER BY must be an attribute name")
            }
            let isDescending = self.take(.desc)
            if !isDescending { _ = self.take(.asc) }
            order.append(PartiQLSelect.Order(name: name, isDescending: isDescending))
        } while self.take(.comma)
        return order
    }

    // INSERT, UPDATE, DELETE

    /// The table of a write, which cannot be an index.
    private mutating func table() throws(ValidationFailure) -> String {
        let source = try self.source()
        guard source.index == nil else {
            throw ValidationFailure("A statement that writes takes a table, not an index")
        }
        return source.table
    }

    private mutating func insert() throws(ValidationFailure) -> PartiQLInsert {
        guard self.take(.into) else { throw self.unexpected }
        let table = try self.table()
        guard self.take(.value) else {
            // SQL's list of columns: AWS reads it before it refuses it.
            guard self.kind == .symbol(.leftParenthesis) else { throw self.unexpected }
            _ = try self.elements(until: .rightParenthesis, "Expected RIGHT_PAREN")
            throw .malformedStatement("Unexpected token after expression")
        }
        return PartiQLInsert(table: table, item: try self.expression())
    }

    private mutating func update() throws(ValidationFailure) -> PartiQLUpdate {
        let table = try self.table()
        var changes: [PartiQLUpdate.Change] = []
        while true {
            if self.take(.set) {
                repeat {
                    let path = try self.path()
                    try self.expect(.equal, "Expected '='")
                    changes.append(.init(path: path, value: try self.assigned(to: path)))
                } while self.take(.comma)
            } else if self.take(.remove) {
                changes.append(.init(path: try self.path(), value: nil))
            } else {
                break
            }
        }
        guard !changes.isEmpty else { throw .malformedStatement("Expected data manipulation") }
        let condition = try self.condition()
        return PartiQLUpdate(
            table: table, changes: changes, condition: condition, returning: try self.returning()
        )
    }

    /// The value that is assigned to a path; a set function must name the same path.
    private mutating func assigned(to path: [PathStep]) throws(ValidationFailure) -> PartiQLExpression {
        let index = self.index
        let value = try self.expression()
        guard case .call(let name, let operands) = value, name == "set_add" || name == "set_delete",
            let first = operands.first
        else { return value }
        guard case .path(path) = first else {
            throw ValidationFailure(
                "The first argument to \(name.uppercased()) must equal the assignment value at "
                    + self.position(of: index)
            )
        }
        return value
    }

    private mutating func delete() throws(ValidationFailure) -> PartiQLDelete {
        guard self.take(.from) else { throw .malformedStatement("Expected FROM after DELETE") }
        let table = try self.table()
        let condition = try self.condition()
        return PartiQLDelete(table: table, condition: condition, returning: try self.returning())
    }

    private mutating func returning() throws(ValidationFailure) -> PartiQLReturning? {
        guard self.take(.returning) else { return nil }
        let scope = self.text.uppercased()
        self.advance()
        let image = self.text.uppercased()
        self.advance()
        guard let returning = PartiQLReturning(rawValue: "\(scope) \(image)") else {
            throw .malformedStatement("Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.")
        }
        try self.expect(.star, "Unsupported syntax in RETURNING columns.")
        return returning
    }
}
