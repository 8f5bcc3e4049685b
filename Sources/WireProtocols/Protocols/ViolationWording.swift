package import ServiceModel

/// How AWS words violations of the model's constraints.
package enum ViolationWording: Sendable {
    /// `1 validation error detected: Value 'x' at 'tableName' failed to satisfy constraint: Member must …`
    case coral
    /// `1 validation error detected. Value at '/tableName' failed to satisfy constraint: Member must …`
    case smithy

    /// AWS reports no more.
    package static let violationCountMax = 10

    /// The complete sentence for at least one violation.
    package func sentence(_ violations: [ConstraintViolation]) -> String {
        // Several elements of one list can violate its constraints with identical clauses.
        var told: Set<String> = []
        let kept = violations.map(self.clause).filter { told.insert($0).inserted }.prefix(Self.violationCountMax)
        let head = "\(kept.count) validation error\(kept.count == 1 ? "" : "s") detected"
        return head + (self == .coral ? ": " : ". ") + kept.joined(separator: "; ")
    }

    /// One violation, without the leading count.
    package func clause(_ violation: ConstraintViolation) -> String {
        switch self {
        case .coral:
            if let container = violation.container, let last = violation.path.last {
                return self.containerClause(violation, container, last)
            }
            let value = violation.isSensitive ? "" : " " + (violation.value.map { "'\($0)'" } ?? "null")
            let demand = self.demand(violation)
            return "Value\(value) at '\(self.path(violation.path))' failed to satisfy constraint: \(demand)"
        case .smithy:
            var value = "Value"
            if case .length = violation.demand, let length = violation.length { value += " with length \(length)" }
            let demand = self.demand(violation)
            return "\(value) at '\(self.path(violation.path))' failed to satisfy constraint: \(demand)"
        }
    }

    /// AWS's older services report the whole list or map, with all constraints on its parts.
    private func containerClause(
        _ violation: ConstraintViolation, _ container: ConstraintViolation.Container,
        _ part: ConstraintViolation.PathStep
    ) -> String {
        let subject =
            switch part {
            case .keyOf: "Map keys"
            case .key: "Map value"
            case .element, .member: "Member"
            }
        let demands = container.demands.map { demand in
            self.demand(ConstraintViolation(path: [], demand: demand, value: nil))
        }
        let value = violation.isSensitive ? "" : " '\(container.value)'"
        let path = self.path(Array(violation.path.dropLast()))
        return "Value\(value) at '\(path)' failed to satisfy constraint: "
            + "\(subject) must satisfy constraint: [\(demands.joined(separator: ", "))]"
    }

    /// `keySchema.1.member.attributeName`, or `/keySchema/0/attributeName`.
    package func path(_ steps: [ConstraintViolation.PathStep]) -> String {
        switch self {
        case .coral:
            return steps.compactMap { step in
                switch step {
                case .member(let name): Self.lowerFirst(name)
                case .element(let index): "\(index + 1).member"
                case .key(let key): "\(key).member"
                case .keyOf: nil
                }
            }.joined(separator: ".")
        case .smithy:
            return steps.map { step in
                switch step {
                case .member(let name): "/\(name)"
                case .element(let index): "/\(index)"
                case .key(let key): "/" + Self.pointerEscaped(key)
                case .keyOf: ""
                }
            }.joined()
        }
    }

    private func demand(_ violation: ConstraintViolation) -> String {
        switch violation.demand {
        case .notNull: "Member must not be null"
        case .length(let min, let max): self.length(min, max, violation.length)
        case .range(let min, let max): self.range(min, max, violation.value.flatMap { Double($0) })
        case .pattern(let pattern): "Member must satisfy regular expression pattern: \(pattern)"
        case .enumeration(let values): "Member must satisfy enum value set: [\(values.joined(separator: ", "))]"
        case .uniqueItems: "Member must have unique values"
        }
    }

    private func length(_ min: Int?, _ max: Int?, _ length: Int?) -> String {
        if self == .smithy, let min, let max { return "Member must have length between \(min) and \(max), inclusive" }
        if let min, max == nil || (length ?? 0) < min {
            return "Member must have length greater than or equal to \(min)"
        }
        return "Member must have length less than or equal to \(max ?? 0)"
    }

    private func range(_ min: Double?, _ max: Double?, _ value: Double?) -> String {
        let low = min.map(Self.number)
        let high = max.map(Self.number)
        if self == .smithy {
            if let low, let high { return "Member must be between \(low) and \(high), inclusive" }
            return low.map { "Member must be greater than or equal to \($0)" }
                ?? "Member must be less than or equal to \(high ?? "")"
        }
        if let low, high == nil || (value ?? 0) < (min ?? 0) {
            return "Member must have value greater than or equal to \(low)"
        }
        return "Member must have value less than or equal to \(high ?? "")"
    }

    /// A bound, without `.0` if it is an integer.
    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map { String($0) } ?? value.description
    }

    private static func lowerFirst(_ name: String) -> String {
        guard let first = name.unicodeScalars.first, first.isASCII else { return name }
        return String(first).lowercased() + name.unicodeScalars.dropFirst().map(String.init).joined()
    }

    /// RFC 6901's escapes.
    private static func pointerEscaped(_ key: String) -> String {
        key.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
    }
}
