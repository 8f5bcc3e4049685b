extension ShapeReader {
    /// A string's length in code points, its pattern and its known values.
    package func check(string value: String, _ constraints: Constraints) {
        let length = value.unicodeScalars.count
        let isInBounds = self.checkLength(length, constraints, value: value)
        if !constraints.enumValues.isEmpty, !constraints.enumValues.contains(value) {
            self.note(.enumeration(constraints.enumValues), value: value)
        }
        // A pattern is only tried on a lawful length, so that no input makes it slow.
        if isInBounds, let pattern = constraints.pattern, !PatternMatcher.matches(value, pattern) {
            self.note(.pattern(pattern), value: value)
        }
    }

    /// The number of elements, entries or bytes.
    package func check(count: Int, _ constraints: Constraints, _ value: () -> String) {
        guard constraints.lengthMin.map({ count < $0 }) ?? false || constraints.lengthMax.map({ count > $0 }) ?? false
        else { return }
        self.note(.length(min: constraints.lengthMin, max: constraints.lengthMax), value: value(), length: count)
    }

    package func check(number: Double, _ constraints: Constraints, _ value: () -> String) {
        guard constraints.rangeMin.map({ number < $0 }) ?? false || constraints.rangeMax.map({ number > $0 }) ?? false
        else { return }
        self.note(.range(min: constraints.rangeMin, max: constraints.rangeMax), value: value())
    }

    private func checkLength(_ length: Int, _ constraints: Constraints, value: String) -> Bool {
        if constraints.lengthMin.map({ length < $0 }) ?? false || constraints.lengthMax.map({ length > $0 }) ?? false {
            self.note(.length(min: constraints.lengthMin, max: constraints.lengthMax), value: value, length: length)
            return false
        }
        return true
    }
}
