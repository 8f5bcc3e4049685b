internal import ServiceModel

extension ServiceError {
    /// The error's code in query protocols: its own, otherwise the model's, otherwise the code of all protocols.
    func queryCode(in operation: OperationSchema?) -> String {
        if let own = self.queryCode { return own }
        let modelled = operation?.errors.first { $0.name == self.code }
        return modelled?.traits.error?.queryCode ?? self.code
    }
}
