/// A condition operator: the comparison, whether all or any of several values must match, and whether it also holds for
/// a request without the key.
///
/// - Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
package struct ConditionOperator: Sendable, Hashable, CustomStringConvertible {
    /// Which of a key's several values must match.
    package enum Qualifier: String, Sendable, Hashable, CaseIterable {
        case forAllValues = "ForAllValues"
        case forAnyValue = "ForAnyValue"
    }

    /// What is compared, and how.
    package enum Comparison: String, Sendable, Hashable, CaseIterable {
        case stringEquals = "StringEquals"
        case stringNotEquals = "StringNotEquals"
        case stringEqualsIgnoreCase = "StringEqualsIgnoreCase"
        case stringNotEqualsIgnoreCase = "StringNotEqualsIgnoreCase"
        case stringLike = "StringLike"
        case stringNotLike = "StringNotLike"
        case numericEquals = "NumericEquals"
        case numericNotEquals = "NumericNotEquals"
        case numericLessThan = "NumericLessThan"
        case numericLessThanEquals = "NumericLessThanEquals"
        case numericGreaterThan = "NumericGreaterThan"
        case numericGreaterThanEquals = "NumericGreaterThanEquals"
        case dateEquals = "DateEquals"
        case dateNotEquals = "DateNotEquals"
        case dateLessThan = "DateLessThan"
        case dateLessThanEquals = "DateLessThanEquals"
        case dateGreaterThan = "DateGreaterThan"
        case dateGreaterThanEquals = "DateGreaterThanEquals"
        case bool = "Bool"
        case binaryEquals = "BinaryEquals"
        case ipAddress = "IpAddress"
        case notIPAddress = "NotIpAddress"
        case arnEquals = "ArnEquals"
        case arnNotEquals = "ArnNotEquals"
        case arnLike = "ArnLike"
        case arnNotLike = "ArnNotLike"
        case null = "Null"

        /// Whether it holds when none of the policy's values matches.
        var isNegated: Bool {
            switch self {
            case .stringNotEquals, .stringNotEqualsIgnoreCase, .stringNotLike, .numericNotEquals, .dateNotEquals,
                .notIPAddress, .arnNotEquals, .arnNotLike:
                true
            default: false
            }
        }

        private static let byName = Dictionary(
            uniqueKeysWithValues: Self.allCases.map { ($0.rawValue.lowercased(), $0) })

        /// Operator names are case-insensitive.
        init?(name: some StringProtocol) {
            guard let found = Self.byName[name.lowercased()] else { return nil }
            self = found
        }
    }

    package var qualifier: Qualifier?
    package var comparison: Comparison
    /// `…IfExists`
    package var isMetWithoutKey: Bool

    package init(_ comparison: Comparison, qualifier: Qualifier? = nil, isMetWithoutKey: Bool = false) {
        self.comparison = comparison
        self.qualifier = qualifier
        self.isMetWithoutKey = isMetWithoutKey
    }

    /// Parses a name such as `ForAnyValue:StringLikeIfExists`.
    package init?(_ text: String) {
        var rest = Substring(text)
        self.qualifier = nil
        if let colon = rest.firstIndex(of: ":") {
            let prefix = rest[..<colon].lowercased()
            guard let found = Qualifier.allCases.first(where: { $0.rawValue.lowercased() == prefix }) else {
                return nil
            }
            self.qualifier = found
            rest = rest[rest.index(after: colon)...]
        }
        let suffix = "ifexists"
        self.isMetWithoutKey = rest.lowercased().hasSuffix(suffix)
        if self.isMetWithoutKey { rest = rest.dropLast(suffix.count) }
        guard let comparison = Comparison(name: rest), comparison != .null || !self.isMetWithoutKey else { return nil }
        self.comparison = comparison
    }

    package var description: String {
        (self.qualifier.map { $0.rawValue + ":" } ?? "") + self.comparison.rawValue
            + (self.isMetWithoutKey ? "IfExists" : "")
    }
}
