internal import Primitives

/// One condition of a statement: an operator, a condition key, and the policy's values for it.
package struct PolicyCondition: Sendable, Equatable {
    package var comparison: ConditionOperator
    /// As written; condition keys are case-insensitive.
    package var key: String
    /// One of them must match; for negated operators, none may.
    package var values: [PolicyPattern]

    package init(_ comparison: ConditionOperator, _ key: String, _ values: [PolicyPattern]) {
        self.comparison = comparison
        self.key = key
        self.values = values
    }

    /// Whether the condition holds for a request.
    ///
    /// - Source: IAM User Guide, "Single-valued vs. multivalued context keys". What AWS does with `ForAnyValue` and
    ///   `IfExists` was tried there, and is told on AWS re:Post, "ForAnyValue:StringEqualsIfExists behaving
    ///   unexpectedly".
    func holds(for request: PolicyRequest, hasVariables: Bool) -> Bool {
        let given = request.values(of: self.key)
        let comparison = self.comparison.comparison
        if comparison == .null {
            return self.values.contains { $0.text.lowercased() == (given == nil ? "true" : "false") }
        }
        func isMet(_ value: String) -> Bool {
            self.values.contains { self.meets($0, value, request, hasVariables: hasVariables) } != comparison.isNegated
        }
        switch self.comparison.qualifier {
        case .forAllValues:
            return (given ?? []).allSatisfy(isMet)
        case .forAnyValue:
            // Without the key there is no value that matches, with `IfExists` too.
            return (given ?? []).contains(where: isMet)
        case nil:
            guard let given else { return self.comparison.isMetWithoutKey || comparison.isNegated }
            return comparison.isNegated ? given.allSatisfy(isMet) : given.contains(where: isMet)
        }
    }

    /// The first value of a date operator that is not a date, and so never matches; nil when there is none.
    package var unreadableDate: String? {
        switch self.comparison.comparison {
        case .dateEquals, .dateNotEquals, .dateLessThan, .dateLessThanEquals, .dateGreaterThan, .dateGreaterThanEquals:
            self.values.first { PolicyDate($0.text) == nil }?.text
        default: nil
        }
    }

    /// Whether a value of the request matches a value of the policy, ignoring negation.
    private func meets(
        _ wanted: PolicyPattern, _ value: String, _ request: PolicyRequest, hasVariables: Bool
    ) -> Bool {
        switch self.comparison.comparison {
        case .stringEquals, .stringNotEquals, .binaryEquals:
            wanted.equals(value, request, hasVariables: hasVariables, ignoresCase: false)
        case .stringEqualsIgnoreCase, .stringNotEqualsIgnoreCase:
            wanted.equals(value, request, hasVariables: hasVariables, ignoresCase: true)
        case .stringLike, .stringNotLike: wanted.matches(value, request, hasVariables: hasVariables)
        case .arnEquals, .arnNotEquals, .arnLike, .arnNotLike:
            wanted.matchesARN(value, request, hasVariables: hasVariables)
        case .bool: wanted.text.lowercased() == value.lowercased()
        case .ipAddress, .notIPAddress: AddressRange(wanted.text)?.contains(value) ?? false
        case .numericEquals, .numericNotEquals: Self.compare(Self.number(value), Self.number(wanted.text), ==)
        case .numericLessThan: Self.compare(Self.number(value), Self.number(wanted.text), <)
        case .numericLessThanEquals: Self.compare(Self.number(value), Self.number(wanted.text), <=)
        case .numericGreaterThan: Self.compare(Self.number(value), Self.number(wanted.text), >)
        case .numericGreaterThanEquals: Self.compare(Self.number(value), Self.number(wanted.text), >=)
        case .dateEquals, .dateNotEquals: Self.compare(PolicyDate(value), PolicyDate(wanted.text), ==)
        case .dateLessThan: Self.compare(PolicyDate(value), PolicyDate(wanted.text), <)
        case .dateLessThanEquals: Self.compare(PolicyDate(value), PolicyDate(wanted.text), <=)
        case .dateGreaterThan: Self.compare(PolicyDate(value), PolicyDate(wanted.text), >)
        case .dateGreaterThanEquals: Self.compare(PolicyDate(value), PolicyDate(wanted.text), >=)
        case .null: false
        }
    }

    /// An integer or a decimal; Swift's other forms, such as `inf` and `0x10`, are none.
    private static func number(_ text: String) -> Double? {
        let isNumber = text.utf8.allSatisfy { ASCII.isDigit($0) || "+-.eE".utf8.contains($0) }
        return isNumber ? Double(text) : nil
    }

    /// What is no number, or no date, meets nothing.
    private static func compare<Value>(_ left: Value?, _ right: Value?, _ isMet: (Value, Value) -> Bool) -> Bool {
        guard let left, let right else { return false }
        return isMet(left, right)
    }
}
