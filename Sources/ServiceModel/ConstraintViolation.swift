/// One constraint of the model that an input does not meet.
package struct ConstraintViolation: Sendable, Hashable {
    /// A step from the input to the offending value.
    package enum PathStep: Sendable, Hashable {
        case member(String)
        /// A list's element; AWS's older services print `.N.member` with the 1-based number, Smithy's `/index`.
        case element(index: Int)
        case key(String)
        /// The key itself is what offends.
        case keyOf(String)
    }

    /// What was demanded.
    package enum Demand: Sendable, Hashable {
        case notNull
        case length(min: Int?, max: Int?)
        case range(min: Double?, max: Double?)
        case pattern(String)
        case enumeration([String])
        case uniqueItems
    }

    package var path: [PathStep]
    package var demand: Demand
    /// The value as AWS prints it; nil for null.
    package var value: String?
    /// The length that broke a length demand.
    package var length: Int?

    package init(path: [PathStep], demand: Demand, value: String?, length: Int? = nil) {
        self.path = path
        self.demand = demand
        self.value = value
        self.length = length
    }
}
