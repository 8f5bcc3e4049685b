/// A violation of one of the model's constraints by an input.
package struct ConstraintViolation: Sendable, Equatable {
    /// A step from the input to the offending value.
    package enum PathStep: Sendable, Hashable {
        case member(String)
        /// A list's element; AWS's older services print `.N.member` with the 1-based number, Smithy's `/index`.
        case element(index: Int)
        case key(String)
        /// The key itself violates the constraint.
        case keyOf(String)
    }

    /// What the model demands.
    package enum Demand: Sendable, Equatable {
        case notNull
        case length(min: Int?, max: Int?)
        case range(min: Double?, max: Double?)
        case pattern(String)
        case enumeration([String])
        case uniqueItems
    }

    /// The list or map that contains the offending element, key or value: AWS's older services report the whole of it.
    package struct Container: Sendable, Equatable {
        /// The list or map as AWS prints it.
        package var value: String
        /// Every demand on each element, key or value, including the violated one.
        package var demands: [Demand]

        package init(value: String, demands: [Demand]) {
            self.value = value
            self.demands = demands
        }
    }

    package var path: [PathStep]
    package var demand: Demand
    /// The value as AWS prints it; nil for null.
    package var value: String?
    /// The length that violated a length constraint.
    package var length: Int?
    /// Whether the value must not be shown; `value` is then nil.
    package var isSensitive = false
    /// Set when `path` ends in an element or a key that violates the constraints of its own shape.
    package var container: Container?

    package init(path: [PathStep], demand: Demand, value: String?, length: Int? = nil) {
        self.path = path
        self.demand = demand
        self.value = value
        self.length = length
    }
}

extension Constraints {
    /// Every demand, in the order in which AWS lists them.
    package var demands: [ConstraintViolation.Demand] {
        var demands: [ConstraintViolation.Demand] = []
        if let max = self.lengthMax { demands.append(.length(min: nil, max: max)) }
        if let min = self.lengthMin { demands.append(.length(min: min, max: nil)) }
        if let max = self.rangeMax { demands.append(.range(min: nil, max: max)) }
        if let min = self.rangeMin { demands.append(.range(min: min, max: nil)) }
        if let pattern = self.pattern { demands.append(.pattern(pattern)) }
        if !self.enumValues.isEmpty { demands.append(.enumeration(self.enumValues)) }
        if self.hasUniqueItems { demands.append(.uniqueItems) }
        return demands
    }
}

extension ConstraintViolation {
    /// The violations of an input, those of each structure in the order in which the service reports its members. If
    /// that order is not known they keep theirs: members that are present, in the request's order, then missing ones.
    package static func told(_ violations: [ConstraintViolation], in input: ShapeSchema) -> [ConstraintViolation] {
        violations.count < 2 ? violations : self.told(violations, from: 0, input)
    }

    /// `depth` is the number of steps from the input to a value of the shape.
    private static func told(
        _ violations: [ConstraintViolation], from depth: Int, _ shape: ShapeSchema?
    ) -> [ConstraintViolation] {
        guard let shape, violations.count > 1 else { return violations }
        var parts: [(step: PathStep?, violations: [ConstraintViolation])] = []
        for violation in violations {
            let step = depth < violation.path.count ? violation.path[depth] : nil
            if let place = parts.firstIndex(where: { $0.step == step }) {
                parts[place].violations.append(violation)
            } else {
                parts.append((step, [violation]))
            }
        }
        let order = shape.traits.toldMembers
        let places = parts.map { part in
            guard case .member(let name)? = part.step else { return order.count }
            return order.firstIndex(of: name) ?? order.count
        }
        return parts.indices.sorted { (places[$0], $0) < (places[$1], $1) }.flatMap { index in
            let target = parts[index].step.flatMap { self.target($0, in: shape) }
            return self.told(parts[index].violations, from: depth + 1, target)
        }
    }

    /// The shape that a step from a value of this shape leads to; nil unless that is an aggregate.
    private static func target(_ step: PathStep, in shape: ShapeSchema) -> ShapeSchema? {
        switch (step, shape.type) {
        case (.member(let name), .structure), (.member(let name), .union):
            shape.members.first { $0.name == name }?.target
        case (.element, .list): shape.element.target
        case (.key, .map): shape.value.target
        default: nil
        }
    }
}
