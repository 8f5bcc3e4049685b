/// What a generated shape reads itself from: a wire reader plus what is the same in every wire format.
///
/// It notes violations of the model's constraints instead of throwing, because AWS gathers them into one answer; the
/// caller asks for `violations` when the whole input has been read.
package final class ShapeReader {
    /// More violations than this are not kept; AWS itself stops at ten.
    package static let violationCountMax = 32

    package let wire: any WireReader
    package private(set) var violations: [ConstraintViolation] = []
    private var path: [ConstraintViolation.PathStep] = []

    package init(_ wire: any WireReader) {
        self.wire = wire
    }

    // Steps below the current place are kept only where a violation may need them; see `within`.

    package func push(_ step: ConstraintViolation.PathStep) {
        self.path.append(step)
    }

    package func pop() {
        self.path.removeLast()
    }

    /// Notes a violation at the current place.
    package func note(_ demand: ConstraintViolation.Demand, value: String?, length: Int? = nil) {
        guard self.violations.count < Self.violationCountMax else { return }
        self.violations.append(ConstraintViolation(path: self.path, demand: demand, value: value, length: length))
    }
}
